"""`python -m stackverify.sandbox`: the pretend service until Ctrl-C."""

import errno
import os
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar, get_args

import click

from stackverify.sandbox.keys import Tier
from stackverify.sandbox.knobs import ListStyle, ReplyStyle
from stackverify.sandbox.limits import COUNTERS
from stackverify.sandbox.reports import is_on_this_machine
from stackverify.sandbox.server import Sandbox

__all__ = ["command", "main"]

_PROGRAM = "stackverify.sandbox"
_T = TypeVar("_T")


def _read_by(read: Callable[[str], _T]) -> Callable[..., _T]:
    """Have an option read by a function that raises ValueError."""

    def convert(context: click.Context, parameter: click.Parameter, text: str) -> _T:
        try:
            return read(text)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return convert


def _latency(text: str) -> float | tuple[float, float]:
    least, dash, most = text.partition("-")
    try:
        return (float(least), float(most)) if dash else float(least)
    except ValueError:
        raise ValueError(
            "write seconds, as 0.03, or the least and the most, as 0.02-0.2"
        ) from None


def _nearby(
    context: click.Context, parameter: click.Parameter, url: str | None
) -> str | None:
    if url is None or is_on_this_machine(url):
        return url
    raise click.BadParameter(
        "webhooks stay on this machine: give an address of it, as http://127.0.0.1:8000/"
    )


_tier = _read_by(Tier.parse)
_seconds = _read_by(_latency)
_counters = click.Choice(list(COUNTERS))
_reply_styles = click.Choice(get_args(ReplyStyle))
_list_styles = click.Choice(get_args(ListStyle))
_option = click.option


@click.command(context_settings={"show_default": True})
@_option("--host", default="127.0.0.1", help="where to listen; loopback only")
@_option("--port", type=int, default=4010, help="which port; 0 for any free one")
@_option("--tier", callback=_tier, default="pro", help="lite, pro or enterprise:N")
@_option("--counting", type=_counters, default="fixed", help="how requests count")
@_option("--latency", callback=_seconds, default="0.03", help="seconds, or least-most")
@_option("--keep", type=int, default=100_000, help="how many messages to remember")
@_option(
    "--timetable",
    type=float,
    default=1.0,
    help="how slowly statuses move; inf: by hand",
)
@_option("--failing", type=float, default=0.02, help="share of messages that fail")
@_option("--reply-style", type=_reply_styles, default="top", help="ids")
@_option("--list-style", type=_list_styles, default="data+meta", help="pages")
@_option(
    "--webhook-url",
    callback=_nearby,
    help="where to post delivery reports; on this machine",
)
@_option("--webhook-secret", default="whsec_sandbox", help="what they are signed with")
@_option("--api-key", default="sk_test_sandbox", help="the key it knows")
@_option("--data", type=click.Path(dir_okay=False), help="a file to keep it all in")
@_option("--seed", type=int, help="make ids and endings the same each time")
def command(**settings: Any) -> None:
    """Run a pretend StackVerify service on this machine."""
    try:
        _serve(Sandbox(**settings))
    except KeyboardInterrupt:
        click.echo()
    except (OSError, OverflowError, ValueError) as error:
        click.echo(f"{_PROGRAM}: {_trouble(error, settings['port'])}", err=True)
        click.get_current_context().exit(2)


def _welcome(sandbox: Sandbox) -> str:
    setting = "set" if os.name == "nt" else "export"
    return (
        f"StackVerify sandbox at {sandbox.base_url}\n"
        f"Its inbox, for a browser: {sandbox.inbox_url}\n"
        f"Tier {sandbox.tier}, counting {sandbox.knobs.counting}. Ctrl-C stops it.\n\n"
        f"{setting} STACKVERIFY_BASE_URL={sandbox.base_url}\n"
        f"{setting} STACKVERIFY_API_KEY={sandbox.api_key}\n"
        f"{setting} STACKVERIFY_TIER={sandbox.tier}\n"
        f"{setting} STACKVERIFY_WEBHOOK_SECRET={sandbox.knobs.webhook_secret}\n"
        f"{setting} VELSTACK_BASE_URL={sandbox.velstack_url}\n"
        f"{setting} VELSTACK_API_KEY={sandbox.velstack.api_key}\n"
    )


def _serve(sandbox: Sandbox) -> None:
    with sandbox:
        sys.stdout.write(_welcome(sandbox))
        sys.stdout.flush()
        never = threading.Event()
        while not never.wait(0.5):  # In parts: a whole wait cannot be interrupted
            continue  # on Windows.


def _trouble(error: Exception, port: int) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"port {port} is taken; choose another with --port"
    return str(error)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the sandbox, and end the program."""
    command.main(arguments, prog_name=f"python -m {_PROGRAM}")


if __name__ == "__main__":
    main()
