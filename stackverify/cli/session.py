"""What the user chose on the command line, and the client made of it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stackverify.cli.options import OWN_FILE, never_an_argument, with_options

if TYPE_CHECKING:
    from stackverify import Client, Hook, Retry, Tier
    from stackverify.velstack import Velstack

__all__ = [
    "connected",
    "read_secret",
    "served",
    "Session",
    "session",
    "shared",
    "timed",
]

F = TypeVar("F", bound=Callable[..., Any])


class Session:
    """The choices that commands have in common; the last one given counts."""

    def __init__(self) -> None:
        self.json: bool = False
        self.verbose: bool = False
        self.service: str | None = None
        self.api_key_file: str | None = None
        self.base_url: str | None = None
        self.tier: str | None = None
        self.timeout: float | None = None

    @property
    def is_velstack(self) -> bool:
        """Whether the service is Velstack: it is said, and never guessed of a key."""
        return self.service == "velstack"

    def only_stackverify(self, why_not: str) -> None:
        """Refuse what Velstack does not have, if that is the service."""
        if self.is_velstack:
            raise click.UsageError(why_not)

    def sender(
        self, *, hooks: Iterable[Hook] = (), retry: Retry | None = None
    ) -> Client | Velstack:
        """Make the client of the service that was chosen.

        Raises:
            ConfigurationError: A setting is missing or cannot be used.
        """
        if self.is_velstack:
            return self._velstack(self.api_key(), hooks, retry)
        return self.client(hooks=hooks, retry=retry)

    def client(
        self, *, hooks: Iterable[Hook] = (), retry: Retry | None = None
    ) -> Client:
        """Make the client of StackVerify.

        Raises:
            ConfigurationError: A setting is missing or cannot be used.
        """
        from stackverify import Client

        self._prepare_log()
        return Client(
            self.api_key(),
            base_url=self.base_url,
            tier=self.tier,
            timeout=self._timeout(),
            hooks=hooks,
            retry=retry,
        )

    def _velstack(
        self, key: str, hooks: Iterable[Hook] = (), retry: Retry | None = None
    ) -> Velstack:
        from stackverify.velstack import Velstack

        self._prepare_log()
        return Velstack(
            key,
            base_url=self.base_url,
            timeout=self._timeout(),
            hooks=hooks,
            retry=retry,
        )

    def _prepare_log(self) -> None:
        if self.verbose:
            logging.getLogger("stackverify").setLevel(logging.DEBUG)

    def _timeout(self) -> float:
        return 30.0 if self.timeout is None else self.timeout

    def idle_sender(self) -> Client | Velstack:
        """Make a client that is to ask nothing, with a key or without.

        Raises:
            ConfigurationError: A setting cannot be used.
        """
        from stackverify import Client

        has_key = self.api_key_file or os.environ.get(self._key_variable)
        key = self.api_key() if has_key else "none-is-needed"
        if self.is_velstack:
            return self._velstack(key)
        return Client(key, base_url=self.base_url, tier=self.tier)

    @property
    def _key_variable(self) -> str:
        """The variable that has the key of this service, and of no other."""
        return "VELSTACK_API_KEY" if self.is_velstack else "STACKVERIFY_API_KEY"

    def api_key(self) -> str:
        """Read the key: from the file that was named, else from the environment."""
        from stackverify.errors import ConfigurationError

        if self.api_key_file is not None:
            return read_secret(self.api_key_file, "API key")
        if key := os.environ.get(self._key_variable):
            return key
        is_of_velstack = not self.is_velstack and "VELSTACK_API_KEY" in os.environ
        raise ConfigurationError(
            f"No API key: set {self._key_variable}, or name a file that has it with "
            "--api-key-file. To try without one, start `stackverify sandbox`."
            + " To use Velstack, say --service velstack."
            * is_of_velstack
        )

    def chosen_tier(self) -> Tier:
        """Tell the tier, with a key or without."""
        from stackverify import Tier

        text = self.tier or os.environ.get("STACKVERIFY_TIER")
        return Tier.parse(text) if text else Tier.LITE

    def words(self) -> list[str]:
        """Write the choices as the user would, to make the same client again."""
        chosen = {
            "--service": self.service,
            "--api-key-file": self.api_key_file and os.path.abspath(self.api_key_file),
            "--base-url": self.base_url,
            "--tier": self.tier,
            "--timeout": self.timeout and f"{self.timeout:g}",
        }
        return [word for pair in chosen.items() if pair[1] for word in map(str, pair)]


def read_secret(path: str, what: str) -> str:
    """Read a file with one line that nobody else should see.

    Raises:
        ConfigurationError: It has none, or more than one.
    """
    from stackverify.errors import ConfigurationError

    try:
        lines = Path(path).read_text("utf-8-sig").split("\n")
    except UnicodeDecodeError:
        lines = []
    filled = [line.strip() for line in lines if line.strip()]
    if len(filled) != 1:
        raise ConfigurationError(
            f"The file with the {what} must have one line of UTF-8: the {what} alone."
        )
    return filled[0]


def session() -> Session:
    """Tell what the user chose."""
    return click.get_current_context().ensure_object(Session)


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value and not context.resilient_parsing:
        setattr(context.ensure_object(Session), str(parameter.name), value)


def _option(*names: str, **settings: Any) -> Callable[[F], F]:
    return click.option(*names, expose_value=False, callback=_remember, **settings)


_SHARED = (
    _option("--json", is_flag=True, help="Write JSON, for programs."),
    _option("--verbose", is_flag=True, help="Tell of each request, and of causes."),
    never_an_argument(
        "--api-key",
        what="key",
        variable="STACKVERIFY_API_KEY",
        file_option="--api-key-file",
    ),
)
_SERVICE = _option(
    "--service",
    type=click.Choice(["stackverify", "velstack"]),
    help="Whose API it is; stackverify if not said.",
)
_CONNECTED = (
    _SERVICE,
    _option(
        "--api-key-file",
        type=OWN_FILE,
        metavar="FILE",
        help="Where the key is; else it is in STACKVERIFY_API_KEY, VELSTACK_API_KEY.",
    ),
    _option("--base-url", metavar="URL", help="Where to send; STACKVERIFY_BASE_URL."),
    _option(
        "--tier", metavar="TIER", help="lite, pro, enterprise:N; STACKVERIFY_TIER."
    ),
)
_TIMEOUT = _option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="For one attempt; 30 if not said.",
)


def shared(command: F) -> F:
    """Give a command the options that all have."""
    return with_options(command, _SHARED)


def served(command: F) -> F:
    """Give a command the option to say which service it is for."""
    return _SERVICE(command)


def connected(command: F) -> F:
    """Give a command the options of all that talk to the service, time apart."""
    return with_options(command, (*_CONNECTED, *_SHARED))


def timed(command: F) -> F:
    """Give a command the option to say how long one attempt may take."""
    return _TIMEOUT(command)
