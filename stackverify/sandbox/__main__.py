"""`python -m stackverify.sandbox`: the pretend service until Ctrl-C."""

import argparse
import errno
import os
import sys
import threading
from collections.abc import Sequence
from typing import get_args

from stackverify.sandbox.keys import Tier
from stackverify.sandbox.knobs import ListStyle, ReplyStyle
from stackverify.sandbox.limits import COUNTERS
from stackverify.sandbox.server import Sandbox

__all__ = ["main"]

_PROGRAM = "stackverify.sandbox"


def _tier(text: str) -> Tier:
    try:
        return Tier.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _latency(text: str) -> float | tuple[float, float]:
    least, dash, most = text.partition("-")
    try:
        return (float(least), float(most)) if dash else float(least)
    except ValueError:
        raise argparse.ArgumentTypeError(
            "write seconds, as 0.03, or the least and the most, as 0.02-0.2"
        ) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        f"python -m {_PROGRAM}",
        description="A pretend StackVerify service on this machine.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="where to listen; loopback only")
    add("--port", type=int, default=4010, help="which port; 0 for any free one")
    add("--tier", type=_tier, default="pro", help="lite, pro or enterprise:N")
    add("--counting", choices=COUNTERS, default="fixed", help="how requests count")
    add("--latency", type=_latency, default=0.03, help="seconds, or least-most")
    add("--keep", type=int, default=100_000, help="how many messages to remember")
    add("--timetable", type=float, default=1.0, help="how slowly statuses move")
    add("--failing", type=float, default=0.02, help="share of messages that fail")
    add("--reply-style", choices=get_args(ReplyStyle), default="top", help="ids")
    add("--list-style", choices=get_args(ListStyle), default="data+meta", help="pages")
    add("--webhook-url", help="where to post delivery reports; on this machine")
    add("--webhook-secret", default="whsec_sandbox", help="what they are signed with")
    add("--api-key", default="sk_test_sandbox", help="the key it knows")
    add("--seed", type=int, help="make ids and endings the same each time")
    return parser


def _welcome(sandbox: Sandbox) -> str:
    setting = "set" if os.name == "nt" else "export"
    return (
        f"StackVerify sandbox at {sandbox.base_url}\n"
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sandbox; answer the exit code."""
    settings = vars(_parser().parse_args(arguments))
    try:
        _serve(Sandbox(**settings))
    except KeyboardInterrupt:
        sys.stdout.write("\n")
    except (OSError, OverflowError, ValueError) as error:
        sys.stderr.write(f"{_PROGRAM}: {_trouble(error, settings['port'])}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
