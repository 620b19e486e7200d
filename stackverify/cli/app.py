"""The root of the command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from stackverify._version import __version__
from stackverify.cli.endings import ended
from stackverify.cli.lazy import LazyGroup
from stackverify.cli.session import Session, connected, timed

__all__ = ["root", "run"]

_COMPLETE = "_STACKVERIFY_COMPLETE"
_COMMANDS = {
    "send": (
        "stackverify.cli.send:send",
        "Send an SMS, an email or a WhatsApp template.",
    ),
    "status": ("stackverify.cli.status:status", "Ask how far a message got."),
    "list": ("stackverify.cli.listing:listing", "List the SMS that were sent."),
    "campaign": (
        "stackverify.cli.campaign:campaign",
        "Send to many, with a ledger that survives whatever stops it.",
    ),
    "webhook": (
        "stackverify.cli.webhook:webhook",
        "Verify, sign and receive webhooks.",
    ),
    "sandbox": (
        "stackverify.sandbox.__main__:command",
        "Run a pretend service on this machine.",
    ),
    "doctor": ("stackverify.cli.doctor:doctor", "Find out what keeps it from working."),
    "completion": (
        "stackverify.cli.completion:completion",
        "Print what makes a shell complete commands.",
    ),
}


def _root() -> None:
    """Send SMS, email and WhatsApp through StackVerify, or SMS through Velstack.

    The key is read from STACKVERIFY_API_KEY, with --service velstack from
    VELSTACK_API_KEY, or from the file that --api-key-file names. To try without
    one, start `stackverify sandbox`.
    """


root: LazyGroup = timed(
    connected(
        click.version_option(__version__, message="stackverify %(version)s")(
            LazyGroup(
                _COMMANDS,
                name="stackverify",
                help=_root.__doc__,
                context_settings={"help_option_names": ["-h", "--help"]},
            )
        )
    )
)


def run(arguments: Sequence[str]) -> int:
    """Run a command; answer the exit code."""
    _prepare_streams()
    if instruction := os.environ.get(_COMPLETE):
        from click.shell_completion import shell_complete

        return shell_complete(root, {}, "stackverify", _COMPLETE, instruction)
    chosen = Session()
    with (
        ended(chosen) as end,
        root.make_context("stackverify", list(arguments), obj=chosen) as context,
    ):
        root.invoke(context)
    return end.code


def _prepare_streams() -> None:
    """Let no character of an answer be an error of its own."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
