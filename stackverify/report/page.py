"""The page of a report."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from stackverify.masking import mask_recipient
from stackverify.models.tier import Tier
from stackverify.report import bars, curves
from stackverify.report.advice import advise
from stackverify.report.facts import Facts
from stackverify.report.spans import say_span

__all__ = ["page"]

_NOTHING = "\u2013"
_CHANNELS = {"sms": "SMS", "email": "Email", "whatsapp": "WhatsApp"}
# What turns a line around, or hides in it; so that a text shows what is in it.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# Some write with joiners; they turn nothing around.
_JOINERS = frozenset("\u200c\u200d")


def page(
    facts: Facts, *, tier: Tier | None, show_recipients: bool, made_at: dt.datetime
) -> str:
    """Write the page.

    Args:
        facts: All that it tells.
        tier: Whose limit the pace is shown against.
        show_recipients: Whether recipients are shown in full.
        made_at: When it is written, in the time zone of all that is shown.
    """
    zone = made_at.tzinfo or dt.UTC
    template = _template(zone, show_recipients=show_recipients)
    return template.render(
        facts=facts,
        summary=facts.summary,
        channel=_CHANNELS.get(facts.channel, ""),
        tier=tier,
        made_at=made_at,
        zone=str(zone),
        advice=advise(facts),
        plots=_plots(facts, tier, zone),
        listed=sum(facts.summary[state] for state in ("unknown", "absent", "refused")),
        is_masked=not show_recipients,
        countries_shown=bars.COUNTRIES_SHOWN,
    )


def _template(zone: dt.tzinfo, *, show_recipients: bool) -> Template:
    environment = Environment(
        loader=PackageLoader("stackverify.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        count="{:,}".format,
        share=_share,
        span=say_span,
        shown=_shown,
        moment=lambda seconds: _moment(seconds, zone),
        recipient=str if show_recipients else mask_recipient,
        character=_character,
    )
    return environment.get_template("report.html")


def _plots(facts: Facts, tier: Tier | None, zone: dt.tzinfo) -> Mapping[str, Markup]:
    made: dict[str, Callable[[], str]] = {}
    if facts.summary.total:
        made["outcomes"] = lambda: bars.outcomes_plot(facts.summary)
    if (pace := facts.pace) is not None:
        made["requests"] = lambda: curves.requests_plot(pace, tier, zone)
        made["messages"] = lambda: curves.messages_plot(pace, zone)
    if facts.statuses:
        made["statuses"] = lambda: bars.statuses_plot(facts.statuses)
    if (times := facts.times) is not None:
        made["times"] = lambda: curves.times_plot(times)
    if countries := facts.countries:
        made["countries"] = lambda: bars.countries_plot(countries)
    if (segments := facts.segments) is not None and segments.counts:
        made["segments"] = lambda: bars.segments_plot(segments)
    # Nothing but figures and words of ours is in them: texts of rows never are.
    return {name: Markup(plot()) for name, plot in made.items()}  # noqa: S704


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}".replace("%", "\u202f%") if whole else _NOTHING


def _moment(seconds: float | None, zone: dt.tzinfo) -> str:
    if seconds is None:
        return _NOTHING
    return f"{dt.datetime.fromtimestamp(seconds, zone):%Y-%m-%d %H:%M:%S}"


def _shown(text: object) -> str:
    """Show what cannot be seen, or would turn the line around, by its number."""
    return "".join(
        f"[U+{ord(character):04X}]" if _is_hidden(character) else character
        for character in str(text)
    )


def _is_hidden(character: str) -> bool:
    if character in "\n\t" or character in _JOINERS:
        return False
    return unicodedata.category(character) in _HIDDEN


def _character(character: str) -> dict[str, Any]:
    """Tell a character by its looks, its number and its name."""
    name = unicodedata.name(character, "").capitalize() or "no name"
    return {"number": f"U+{ord(character):04X}", "name": name}
