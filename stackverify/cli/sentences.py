"""What an error means, in the words of the command line."""

from __future__ import annotations

from stackverify import errors
from stackverify.cli.exits import FAILED, LATE, NOTHING_LEFT, UNKNOWN, USAGE
from stackverify.errors import StackverifyError

__all__ = ["code_of", "sentence"]

_OPTIONS = {
    "attachments": "--attach",
    "header_media_url": "--header-media",
    "headers": "--header",
    "message": "--text",
    "message_id": "ID",
    "name": "--template",
    "recipient": "TO",
    "scheduled_at": "--schedule",
    "to": "TO",
    "variables": "--var",
}

_MISTAKES = (
    errors.ConfigurationError,
    errors.InvalidInputError,
    errors.LedgerChangedError,
    errors.PreflightError,
)


def sentence(error: StackverifyError) -> str:
    """Say in one line what happened, and what to do next on a command line."""
    if isinstance(error, errors.InvalidInputError):
        option = f"{_option(error.field)}: " if error.field else ""
        return f"{option}{error.message}; {error.remedy}."
    said = error.message.rstrip()
    if said and said[-1] not in ".!?…":
        said += "."
    if isinstance(error, errors.ForbiddenError) and error.permission:
        said += f" It needs the permission {error.permission}."
    return f"{said} {_advice(error)}".rstrip()


def _option(field: str) -> str:
    """Call a field of a message as the command line does."""
    if field.startswith("source"):
        return field.replace("source", "SOURCE", 1)
    name, bracket, place = field.partition("[")
    option = _OPTIONS.get(name) or f"--{name.replace('_', '-')}"
    return f"{option}{bracket}{place}"


def _advice(error: StackverifyError) -> str:
    """Say what to do next, in the words of the command line."""
    match error:
        case errors.MaybeSentError():
            return (
                "It may have been sent: look it up (for SMS: `stackverify list`; for "
                "Velstack: its dashboard) before you send it again."
            )
        case errors.BudgetError():
            return (
                "Nothing was sent: send fewer, name another --tier, or say "
                "--over-budget to let the service decide."
            )
        case errors.RateLimitedError():
            wait = f" after {error.retry_after:g} s" if error.retry_after else ""
            return f"Nothing was sent: try again{wait}. Is --tier, if any, the key's?"
        case errors.PreflightError():
            return (
                "Nothing was sent: `stackverify campaign check` shows the rows. Mend "
                "them and make a new ledger, or leave them out with --refuse-bad."
            )
        case errors.CertificateError():
            return "It was not sent. `stackverify doctor` looks closer."
        case errors.ConnectFailedError():
            return (
                "Nothing left this machine: the same again is safe. `stackverify "
                "doctor` looks closer."
            )
        case errors.DeadlineError():
            return "It was not sent: try again, with a longer --timeout."
    return error.next_step


def code_of(error: BaseException) -> int:
    """Tell the exit code of an error."""
    codes = (
        (errors.MaybeSentError, UNKNOWN),
        (errors.NeverLeftError, NOTHING_LEFT),
        (errors.WaitTimeoutError, LATE),
        (_MISTAKES, USAGE),
    )
    return next((code for kind, code in codes if isinstance(error, kind)), FAILED)
