"""Shows what would be sent, and what it costs, without sending."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from stackverify._core.segments import count_segments
from stackverify.cli import output
from stackverify.cli.inputs import Recipients
from stackverify.cli.letter import Letter
from stackverify.cli.session import Session
from stackverify.models.messages import Sms
from stackverify.models.velstack import QuickSms

__all__ = ["show"]

_PACK = 100


def show(letter: Letter, to: Recipients, chosen: Session) -> None:
    """Show a message and what sending it to all would take."""
    told = _plan(letter, chosen)
    if chosen.json:
        output.document({"dry_run": True, **told, "repeated": to.repeated})
        return
    output.line(f"{letter.title} to {output.counted(len(letter.to), 'recipient')}:")
    for recipient in letter.to:
        output.line(f"  {recipient}")
    for name, value in letter.fields().items():
        output.line(f"{name}: {_shown(value)}")
    if segments := told.get("segments"):
        _show_segments(segments)
    output.line(_pace(told))
    output.note("Nothing was sent: this was a dry run.")


def _plan(letter: Letter, chosen: Session) -> dict[str, Any]:
    count = len(letter.to)
    tier = None if chosen.is_velstack else chosen.chosen_tier()
    # The same SMS to many shares requests, as `send_many` has it.
    requests = -(-count // _PACK) if letter.channel == "sms" else count
    seconds = (requests - 1) * 60 / tier.requests_per_minute if tier else 0.0
    return {
        "channel": letter.channel,
        "to": list(letter.to),
        "message": letter.fields(),
        "requests": requests,
        "tier": tier and tier.name,
        "seconds": round(seconds, 1),
        "messages_per_month": tier and tier.messages_per_month,
        **_segments(letter),
    }


def _segments(letter: Letter) -> dict[str, Any]:
    if not isinstance(letter.message, (Sms, QuickSms)):
        return {}
    cost = count_segments(letter.message.text)
    told = {
        "encoding": cost.encoding,
        "each": cost.count,
        "all": cost.count * len(letter.to),
        "units": cost.units,
        "characters": len(letter.message.text),
        "costly": cost.costly,
    }
    return {"segments": told}


def _show_segments(segments: Mapping[str, Any]) -> None:
    characters = output.counted(segments["characters"], "character")
    output.line(
        f"Segments: {segments['each']} a recipient, {segments['all']:,} in all; "
        f"{characters} in {segments['encoding']}."
    )
    if costly := segments["costly"]:
        shown = " ".join(f"{c} (U+{ord(c):04X})" for c in map(str, costly[:10]))
        more = f" and {len(costly) - 10} more" if len(costly) > 10 else ""
        output.line(
            f"These characters make it UCS-2, 70 to a segment instead of 160: "
            f"{output.clean(shown)}{more}"
        )


def _pace(told: Mapping[str, Any]) -> str:
    requests, month = told["requests"], told["messages_per_month"]
    text = output.counted(requests, "request")
    if told["tier"]:
        text += f" at tier {told['tier']}"
    if told["seconds"] >= 1:
        text += f", {told['seconds']:,.0f} s at least"
    if month is not None and len(told["to"]) > month:
        text += f"; more messages than the tier's {month:,} a month"
    return f"{text}."


def _shown(value: object) -> str:
    if isinstance(value, str):
        return "\n  ".join(map(output.clean, value.split("\n")))
    return output.clean(json.dumps(value, ensure_ascii=False))
