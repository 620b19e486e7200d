"""How a command ends: one line that says what happened, and an exit code."""

from __future__ import annotations

import errno
import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click

from stackverify.cli import output
from stackverify.cli.exits import FAILED, FINE, INTERRUPTED, USAGE, Trouble
from stackverify.cli.session import Session

__all__ = ["ended"]


class End:
    """The exit code a command came to."""

    def __init__(self) -> None:
        self.code: int = FINE


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
    message, code = _said(error)
    _told(chosen, type(error).__name__, message, code)
    if chosen.verbose:
        _tell_causes(error)
    return code


def _said(error: Exception) -> tuple[str, int]:
    """Say what an error means, and its exit code."""
    from stackverify.cli.sentences import code_of, sentence
    from stackverify.errors import StackverifyError

    if isinstance(error, Trouble):
        return str(error), error.code
    if isinstance(error, StackverifyError):
        return sentence(error), code_of(error)
    if isinstance(error, click.ClickException):
        return _scrubbed(error.format_message()), USAGE
    if isinstance(error, OSError):
        return _os_error(error), FAILED
    mistake = f"This is a mistake of stackverify itself ({type(error).__name__})"
    return f"{mistake}: please report it, with what --verbose says.", FAILED


def _told(chosen: Session, kind: str, message: str, code: int) -> int:
    message = output.clean(" ".join(message.split()))
    if chosen.json:
        told = {"type": kind, "message": message, "exit_code": code}
        with suppress(OSError):
            output.document({"error": told})
    prefix = "" if code == INTERRUPTED else "Error: "
    output.note(f"{prefix}{message}")
    return code


def _os_error(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return "The disk is full."
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror or type(error).__name__}."


def _tell_causes(error: BaseException) -> None:
    """Tell what lies under an error, without what a message might hold."""
    from stackverify.errors import StackverifyError

    cause: BaseException | None = error
    if not isinstance(error, (StackverifyError, OSError, Trouble)):
        for place in traceback.extract_tb(error.__traceback__):
            output.note(f"  at {place.filename}:{place.lineno} in {place.name}")
    while cause is not None:
        request = getattr(cause, "request_id", None)
        named = f", request {request}" if request else ""
        text = output.clean(_scrubbed(str(cause)))
        output.note(f"  cause: {type(cause).__name__}: {text}{named}")
        cause = cause.__cause__ or (
            None if cause.__suppress_context__ else cause.__context__
        )


def _scrubbed(text: str) -> str:
    from stackverify.masking import scrub

    return scrub(text)
