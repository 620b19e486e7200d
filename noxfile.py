"""One session a promise; `nox` keeps them all."""

import re
import tomllib
from pathlib import Path

import nox
from nox.command import CommandFailed

nox.needs_version = ">=2024.4.15"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = [
    "tests",
    "lowest",
    "no_extras",
    "generated",
    "style",
    "types",
]

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
RUFF = "ruff==0.17.6"
PROJECT = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The facts stated in tests/ hold, on every Python that is here."""
    session.install("-e", ".[test]", RUFF)
    _pytest(session)


@nox.session
def lowest(session: nox.Session) -> None:
    """They hold with the oldest versions that pyproject.toml admits."""
    session.install("-e", ".[test]", RUFF, *_oldest())
    folders = ("core", "_async", "_sync", "cli", "report", "sandbox", "webhooks")
    # anyio before 4.13 leaves the socket of a cancelled connect to the collector.
    late = ("-W", "ignore::pytest.PytestUnraisableExceptionWarning")
    _pytest(session, *late, *(f"tests/{folder}" for folder in folders))


@nox.session
def no_extras(session: nox.Session) -> None:
    """The package imports, and sends, with nothing optional installed."""
    session.install(".")
    session.run("python", "tools/without_extras.py")


@nox.session
def generated(session: nox.Session) -> None:
    """The synchronous flavour, and the list of names, match their source."""
    session.install(RUFF)
    session.run("python", "tools/generate_sync.py", "--check")
    session.run("python", "tools/list_names.py", "--check")


@nox.session
def style(session: nox.Session) -> None:
    """The code is formatted, linted, and its imports point down."""
    session.install("-e", ".[test]", RUFF, "import-linter==2.16")
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("lint-imports")


@nox.session
def types(session: nox.Session) -> None:
    """Two type checkers agree, and every public name has a type."""
    checkers = ("mypy==2.4.1", "pyright[nodejs]==1.1.414", "django-stubs==6.1.2")
    session.install("-e", ".[test]", *checkers)
    session.run("mypy")
    session.run("pyright")
    session.run("pyright", "--ignoreexternal", "--verifytypes", "stackverify")


@nox.session
def kills(session: nox.Session) -> None:
    """A campaign that is killed 200 times loses nothing and sends nothing twice."""
    session.install("-e", ".[test]")
    command = ("python", "-m", "pytest", "tests/behaviour/test_kills.py")
    patience = ("-o", "faulthandler_timeout=3600")
    session.run(
        *command, *patience, *session.posargs, env={"STACKVERIFY_KILLS": "full"}
    )


@nox.session(python="3.11")
def fuzz(session: nox.Session) -> None:
    """Whatever comes as a webhook is read in one way, or refused by its type."""
    session.install(".[fast]", "atheris==3.0.0")
    options = session.posargs or ["-max_total_time=600", "-rss_limit_mb=2048"]
    session.run("python", "tests/webhooks/fuzz_webhooks.py", *options)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """What it costs, beside what a user would pick instead."""
    rivals = ("requests", "pydantic", "svix", "standardwebhooks", "stripe", "twilio")
    session.install("-e", ".[test]", *rivals)
    session.run("python", "-m", "benchmarks", *session.posargs)


def _pytest(session: nox.Session, *words: str) -> None:
    """Run the tests; on a machine under load, ask once more, alone, what failed."""
    command = ("python", "-m", "pytest", *words, *session.posargs)
    try:
        session.run(*command, "-n", "4")
    except CommandFailed:
        session.warn("Some failed among the others: once more, by themselves.")
        session.run(*command, "--last-failed")


def _oldest() -> list[str]:
    """Pin each dependency of the library to its lower bound."""
    extras = PROJECT["optional-dependencies"]
    kept = (
        "aiohttp",
        "cli",
        "django",
        "fast",
        "fastapi",
        "flask",
        "phone",
        "redis",
        "report",
        "sandbox",
    )
    wanted = [
        *PROJECT["dependencies"],
        *(line for name in kept for line in extras[name]),
    ]
    bounds = (re.match(r"([\w.\-]+)>=([\w.]+)", line) for line in wanted)
    return [f"{bound[1]}=={bound[2]}" for bound in bounds if bound]
