"""How a send to many ends: what is kept of the rest, what is said, the exit code."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from stackverify.cli import output
from stackverify.cli.exits import FAILED, FINE, INTERRUPTED, NOTHING_LEFT, UNKNOWN
from stackverify.cli.letter import Letter
from stackverify.cli.rest import Begun, command, save
from stackverify.cli.sentences import code_of, sentence
from stackverify.cli.session import Session
from stackverify.cli.tally import Result
from stackverify.errors import StackverifyError

__all__ = ["conclude"]

_LOOK = "Those may have been sent: look them up before you send to them again."


def conclude(
    letter: Letter, chosen: Session, result: Result, begun: Begun | None
) -> int:
    """Keep the rest, say what was done and how to go on; answer the exit code."""
    is_untouched = len(result.left) == len(letter.to)
    kept = None
    if result.left and not is_untouched:
        kept = _keep(letter, result.left)
    if begun is not None:
        _settle(begun, is_untouched=is_untouched, is_safe=bool(kept or not result.left))
    words = ["send", letter.command, *chosen.words(), "--rest", str(kept)]
    again = command(words) if kept is not None else None
    code = _code(result)
    if chosen.json:
        output.document(_document(result, kept, again, code))
    else:
        _tell(letter, result, again, is_untouched=is_untouched)
    return code


def _keep(letter: Letter, left: tuple[int, ...]) -> Path | None:
    try:
        return save(letter, [letter.to[index] for index in left])
    except OSError as error:
        output.note(
            f"The rest cannot be written to a file ({error.strerror}). Recipients that "
            f"were not sent to, by their place: {_ranges(left)}."
        )
        return None


def _settle(begun: Begun, *, is_untouched: bool, is_safe: bool) -> None:
    if is_untouched:
        begun.give_back()
    elif is_safe:
        begun.drop()


def _code(result: Result) -> int:
    if result.unknown:
        return UNKNOWN
    if result.is_interrupted:
        return INTERRUPTED
    if result.refused or (result.left and result.accepted):
        return FAILED
    if result.stopped_by is not None:
        return code_of(result.stopped_by)
    return NOTHING_LEFT if result.left else FINE


def _tell(
    letter: Letter, result: Result, again: str | None, *, is_untouched: bool
) -> None:
    if result.is_interrupted:
        output.note("Interrupted.")
    if result.stopped_by is not None:
        output.note(f"Stopped: {_reason(result.stopped_by)}")
    output.note(
        f"{letter.title} to {len(letter.to):,}: {result.accepted:,} accepted, "
        f"{result.refused:,} refused, {len(result.left):,} not sent, "
        f"{result.unknown:,} unknown."
    )
    if result.unknown:
        output.note(_LOOK)
    if again:
        output.note(f"To go on with those not sent:\n    {again}")
    elif is_untouched:
        output.note("Nothing was sent: give the same command again.")


def _reason(error: BaseException) -> str:
    if isinstance(error, StackverifyError):
        return output.clean(sentence(error))
    reason = getattr(error, "strerror", None) or type(error).__name__
    return f"The results cannot be written ({reason})."


def _document(
    result: Result, kept: Path | None, again: str | None, code: int
) -> dict[str, object]:
    stopped_by = result.stopped_by and _reason(result.stopped_by)
    return {
        "summary": {
            "accepted": result.accepted,
            "refused": result.refused,
            "not_sent": len(result.left),
            "unknown": result.unknown,
            "interrupted": result.is_interrupted,
            "stopped_by": stopped_by,
            "rest": str(kept) if kept else None,
            "go_on": again,
            "exit_code": code,
        }
    }


def _ranges(places: tuple[int, ...]) -> str:
    """Write places from 1, neighbours together: `1-3, 7`."""
    breaks = [n for n, (a, b) in enumerate(pairwise(places), 1) if b != a + 1]
    starts, ends = [0, *breaks], [*breaks, len(places)]
    return ", ".join(
        f"{places[a] + 1}" if b == a + 1 else f"{places[a] + 1}-{places[b - 1] + 1}"
        for a, b in zip(starts, ends, strict=True)
    )
