"""How a command ends: one line that says what happened, and an exit code."""

from __future__ import annotations

import errno
import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from stackverify.cli import output
from stackverify.cli.session import Session

if TYPE_CHECKING:
    from stackverify.errors import StackverifyError

__all__ = [
    "End",
    "FAILED",
    "FINE",
    "INTERRUPTED",
    "LATE",
    "NOTHING_LEFT",
    "Trouble",
    "UNKNOWN",
    "USAGE",
    "advice",
    "code_of",
    "ended",
    "sentence",
]

FINE, FAILED, USAGE, UNKNOWN, NOTHING_LEFT, LATE, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

_OPTIONS = {
    "attachments": "--attach",
    "header_media_url": "--header-media",
    "headers": "--header",
    "message_id": "ID",
    "name": "--template",
    "scheduled_at": "--schedule",
    "to": "TO",
    "variables": "--var",
}


class Trouble(Exception):  # noqa: N818 - it is told to people, by this name to none
    """Something a command found out, told in a line."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code


class End:
    """The exit code a command came to."""

    def __init__(self) -> None:
        self.code = FINE


@contextmanager
def ended(chosen: Session) -> Iterator[End]:
    """Run a command, and tell in a line what it failed of."""
    end = End()
    try:
        with _logging(chosen):
            yield end
            _flush()
    except click.exceptions.Exit as exit_:
        end.code = exit_.exit_code
    except BrokenPipeError:
        output.silence()
        end.code = FINE
    except (KeyboardInterrupt, click.Abort):
        end.code = _told(chosen, "Interrupted", "Interrupted.", INTERRUPTED)
    except click.UsageError as error:
        end.code = _usage(chosen, error)
    except Exception as error:
        end.code = _failed(chosen, error)
    try:
        _flush()
    except BrokenPipeError:
        output.silence()


def _flush() -> None:
    if sys.stdout is not None and not sys.stdout.closed:
        sys.stdout.flush()


@contextmanager
def _logging(chosen: Session) -> Iterator[None]:
    """Show what the library logs, if that is wanted; its lines are masked."""
    log, writer = logging.getLogger("stackverify"), _Writer(chosen)
    log.addHandler(writer)
    try:
        yield
    finally:
        log.removeHandler(writer)


class _Writer(logging.Handler):
    def __init__(self, chosen: Session) -> None:
        super().__init__()
        self._chosen = chosen

    def emit(self, record: logging.LogRecord) -> None:
        if self._chosen.verbose or record.levelno >= logging.WARNING:
            output.note(f"stackverify: {output.clean(record.getMessage())}")


def _usage(chosen: Session, error: click.UsageError) -> int:
    message = error.format_message()
    if message.startswith("Got unexpected extra"):
        # Who left out quotes would see their words repeated here.
        message = "There is an argument too many: a text with spaces needs quotes."
    if error.ctx is not None and not chosen.json:
        output.note(error.ctx.get_usage())
        output.note(f"Try '{error.ctx.command_path} --help' for help.")
    return _told(chosen, "UsageError", _scrubbed(message), USAGE)


def _failed(chosen: Session, error: Exception) -> int:
    from stackverify.errors import StackverifyError

    kind = type(error).__name__
    if isinstance(error, StackverifyError):
        code = _told(chosen, kind, sentence(error), code_of(error))
    elif isinstance(error, Trouble):
        return _told(chosen, "Error", str(error), error.code)
    elif isinstance(error, click.ClickException):
        return _told(chosen, kind, _scrubbed(error.format_message()), USAGE)
    elif isinstance(error, OSError):
        code = _told(chosen, kind, _os_error(error), FAILED)
    else:
        code = _told(
            chosen,
            kind,
            f"This is a mistake of stackverify itself ({kind}): please report it, "
            "with what --verbose says.",
            FAILED,
        )
    if chosen.verbose:
        _tell_causes(error)
    return code


def _told(chosen: Session, kind: str, message: str, code: int) -> int:
    message = " ".join(output.clean(message.replace("\n", " ")).split())
    with suppress(OSError):
        if chosen.json:
            output.document(output.error_document(kind, message, code))
    prefix = "" if code == INTERRUPTED else "Error: "
    output.note(f"{prefix}{message}")
    return code


def sentence(error: StackverifyError) -> str:
    """Say in one line what happened, and what to do next on a command line."""
    from stackverify.errors import ForbiddenError, InvalidInputError

    if isinstance(error, InvalidInputError):
        option = f"{_option(error.field)}: " if error.field else ""
        return f"{option}{error.message}; {error.remedy}."
    said = error.message.rstrip()
    if said and said[-1] not in ".!?…":
        said += "."
    if isinstance(error, ForbiddenError) and error.permission:
        said += f" It needs the permission {error.permission}."
    return f"{said} {advice(error)}".rstrip()


def _option(field: str) -> str:
    """Call a field of a message as the command line does."""
    name, bracket, place = field.partition("[")
    option = _OPTIONS.get(name) or f"--{name.replace('_', '-')}"
    return f"{option}{bracket}{place}"


def advice(error: StackverifyError) -> str:
    """Say what to do next, in the words of the command line."""
    from stackverify import errors

    match error:
        case errors.MaybeSentError():
            return (
                "It may have been sent: look it up (for SMS: `stackverify list`) "
                "before you send it again."
            )
        case errors.BudgetError():
            return (
                "Nothing was sent: send fewer, name another --tier, or say "
                "--over-budget to let the service decide."
            )
        case errors.RateLimitedError():
            wait = f" after {error.retry_after:g} s" if error.retry_after else ""
            return f"Nothing was sent: try again{wait}, and check that --tier is the key's."
        case errors.CertificateError():
            return "It was not sent. `stackverify doctor` looks closer."
        case errors.ConnectFailedError():
            return f"{error.next_step} `stackverify doctor` looks closer."
        case errors.DeadlineError():
            return "It was not sent: try again, with a longer --timeout."
    return error.next_step


def code_of(error: BaseException) -> int:
    """Tell the exit code of an error."""
    from stackverify import errors

    codes = (
        (errors.MaybeSentError, UNKNOWN),
        (errors.NeverLeftError, NOTHING_LEFT),
        (errors.WaitTimeoutError, LATE),
        ((errors.ConfigurationError, errors.InvalidInputError), USAGE),
    )
    return next((code for kind, code in codes if isinstance(error, kind)), FAILED)


def _os_error(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return "The disk is full."
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror or type(error).__name__}."


def _tell_causes(error: BaseException) -> None:
    """Tell what lies under an error, without what a message might hold."""
    from stackverify.errors import StackverifyError

    cause: BaseException | None = error
    if not isinstance(error, (StackverifyError, OSError)):
        places = traceback.extract_tb(error.__traceback__)
        for place in places:
            output.note(f"  at {place.filename}:{place.lineno} in {place.name}")
    while cause is not None:
        request = getattr(cause, "request_id", None)
        named = f", request {request}" if request else ""
        output.note(f"  cause: {type(cause).__name__}: {_scrubbed(str(cause))}{named}")
        cause = cause.__cause__ or (
            None if cause.__suppress_context__ else cause.__context__
        )


def _scrubbed(text: str) -> str:
    from stackverify.masking import scrub

    return output.clean(scrub(text))
