"""What a command loads, and what it says where something is not installed."""

import json

import pytest

from stackverify._version import __version__
from tests.cli.shell import Shell

LOADED = """
import contextlib, io, json, sys
before = {{name.partition(".")[0] for name in sys.modules}}
sys.argv = ["stackverify", *{words!r}]
from stackverify.cli import main
with contextlib.redirect_stdout(io.StringIO()):
    code = main()
assert code == 0, code
ours = [name for name in sys.modules if name.startswith("stackverify.")]
others = {{name.partition(".")[0] for name in sys.modules}} - before
others = {{name for name in others if not name.startswith("_sysconfigdata")}}
print(json.dumps([sorted(others - set(sys.stdlib_module_names)), ours]))
"""
VALUES = {"attr", "attrs", "orjson"}


def loaded(shell: Shell, *words: str) -> tuple[set[str], set[str]]:
    done = shell.python(
        LOADED.format(words=words), STACKVERIFY_WEBHOOK_SECRET="whsec_x"
    )
    assert done.code == 0, done.err
    others, ours = json.loads(done.out)
    return set(others) - {"stackverify"}, set(ours)


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("--version",),
        ("send", "--help"),
        ("send", "email", "--help"),
        ("status", "--help"),
        ("list", "--help"),
        ("doctor", "--help"),
        ("webhook", "listen", "--help"),
        ("campaign", "--help"),
        ("campaign", "new", "--help"),
        ("campaign", "run", "--help"),
        ("completion", "fish"),
    ],
)
def test_help_loads_click_and_nothing_else(
    shell: Shell, words: tuple[str, ...]
) -> None:
    others, ours = loaded(shell, *words)
    assert others == {"click"}
    assert all(name.startswith(("stackverify.cli", "stackverify._v")) for name in ours)


@pytest.mark.parametrize(
    "words",
    [
        ("webhook", "sign", "body"),
        ("send", "sms", "+254712345678", "--text", "Hi", "--dry-run"),
    ],
)
def test_what_talks_to_nobody_loads_no_client(
    shell: Shell, words: tuple[str, ...]
) -> None:
    shell.write("body", "{}")
    others, ours = loaded(shell, *words)
    assert others - VALUES == {"click"}
    assert not any(
        name.startswith(("stackverify._async", "stackverify._sync")) for name in ours
    )


def test_a_send_loads_no_sandbox(shell: Shell) -> None:
    others, ours = loaded(shell, "send", "sms", "+254712345678", "--text", "Hi")
    assert others.isdisjoint({"starlette", "uvicorn"})
    assert not any(name.startswith("stackverify.sandbox") for name in ours)


def test_without_click_it_says_which_extra_to_install(shell: Shell) -> None:
    shell.write("click.py", "raise ImportError('none here')")
    done = shell("send", "sms")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        'stackverify: the command line needs an extra: pip install "stackverify[cli]"\n'
    )


def test_without_its_extra_the_sandbox_says_what_to_install(shell: Shell) -> None:
    shell.write("uvicorn.py", "raise ImportError('none here')")
    done = shell("sandbox")
    assert (done.code, "stackverify[sandbox]" in done.err) == (2, True)
    assert shell("--help").code == 0


def test_a_mistake_of_ours_is_one_line_and_its_place_with_verbose(shell: Shell) -> None:
    source = (
        "import sys; from stackverify.cli import listing, main;"
        "listing.session = lambda: 1 / 0;"
        "sys.argv = ['stackverify', 'list', *{words}]; sys.exit(main())"
    )
    done = shell.python(source.format(words=[]))
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "report it" in done.err
    assert "listing.py" in shell.python(source.format(words=["--verbose"])).err


def test_the_version_is_told(shell: Shell) -> None:
    assert shell("--version").out == f"stackverify {__version__}\n"


def test_the_module_and_the_script_are_the_same(shell: Shell) -> None:
    source = (
        "import sys; from importlib.metadata import entry_points;"
        "(it,) = entry_points(group='console_scripts', name='stackverify');"
        "sys.argv = ['stackverify', '--version']; sys.exit(it.load()())"
    )
    assert shell.python(source).out == shell("--version").out
