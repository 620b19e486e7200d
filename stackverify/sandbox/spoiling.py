"""Answers that are wrong on purpose."""

import attrs

from stackverify.sandbox.exchange import RefusalError
from stackverify.sandbox.faults import Fault
from stackverify.sandbox.knobs import ErrorStatus
from stackverify.sandbox.line import Answer, Headers, Line
from stackverify.sandbox.shapes import refusal

__all__ = ["damaged", "refusal_of", "spoil"]

_PAGE = b"<html><head><title>%d</title></head><body><h1>Bad Gateway</h1></body></html>"


def refusal_of(fault: Fault, style: ErrorStatus) -> Answer | None:
    """Give the answer of a fault that accepts nothing; `None` to hang up."""
    if fault.kind == "hang_up":
        return None
    if fault.kind == "html":
        return Answer(fault.status, _PAGE % fault.status, media_type="text/html")
    reply = refusal(_refused(fault), style)
    return Answer(reply.status, reply.encoded(), reply.headers)


def _refused(fault: Fault) -> RefusalError:
    if fault.kind == "rate_limited":
        said = "Too many requests, by a fault that was asked for."
        seconds = round(fault.seconds) or None
        return RefusalError(429, "rate_limited", said, retry_after=seconds)
    said = f"A fault that was asked for: {fault.status}."
    return RefusalError(fault.status, "fault", said)


async def spoil(fault: Fault, answer: Answer, head: Headers, line: Line) -> None:
    """Give an answer as a fault has it."""
    match fault.kind:
        case "accepted_then_hang_up":
            await line.hang_up()
        case "hang_up_before_body":
            await line.begin(answer, head)
            await line.hang_up(gently=True)
        case "truncated":
            await line.begin(answer, head)
            await line.go_on(answer.body[: len(answer.body) // 2])
            await line.hang_up(gently=True)
        case "drip":
            await _drip(fault.seconds, answer, head, line)
        case "slow":
            await line.wait(fault.seconds)
            await line.say(answer, head)
        case _:
            await line.say(damaged(fault, answer), head)


def damaged(fault: Fault, answer: Answer) -> Answer:
    """Give an answer that is complete, and wrong."""
    if fault.kind == "malformed":
        return attrs.evolve(answer, body=answer.body[: len(answer.body) // 2])
    if fault.kind == "empty":
        return attrs.evolve(answer, body=b"")
    return attrs.evolve(answer, media_type="text/plain")


async def _drip(seconds: float, answer: Answer, head: Headers, line: Line) -> None:
    await line.begin(answer, head)
    pause = seconds / max(1, len(answer.body))
    for at in range(len(answer.body)):
        await line.wait(pause)
        await line.go_on(answer.body[at : at + 1])
    await line.go_on(b"", is_last=True)
