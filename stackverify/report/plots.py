"""The plots of a report."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import attrs
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, DateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from stackverify.models.campaigns import CampaignSummary, RowState
from stackverify.models.tier import Tier
from stackverify.report.facts import (
    Country,
    DeliveryTimes,
    Pace,
    Segments,
    Status,
)
from stackverify.report.spans import say_span
from stackverify.report.statuses import KINDS
from stackverify.report.svg import INKS, drawn

__all__ = [
    "COUNTRIES_SHOWN",
    "countries_plot",
    "messages_plot",
    "outcomes_plot",
    "requests_plot",
    "segments_plot",
    "statuses_plot",
    "times_plot",
]

COUNTRIES_SHOWN = 12
"""Countries that have a bar of their own."""

_WIDTH = 450.0
_HEIGHT = 230.0
_BAR = 30.0
_MOST_SEGMENTS = 10
# How moments are written, by the seconds that a plot spans at most, and how many.
_FORMS = (
    (600.0, "%H:%M:%S", 6),
    (86_400.0, "%H:%M", 6),
    (4 * 86_400.0, "%d %b %H:%M", 4),
    (math.inf, "%d %b %Y", 4),
)
_count = FuncFormatter(lambda value, _: f"{value:,.0f}")

_STATE_INKS = {
    RowState.ACCEPTED: "good",
    RowState.REFUSED: "bad",
    RowState.UNKNOWN: "warm",
    RowState.ABSENT: "warm",
}
_KIND_INKS = {"arrived": "good", "under way": "accent", "failed": "bad"}


@attrs.frozen
class _Bar:
    label: str
    ink: str
    value: int


def outcomes_plot(summary: CampaignSummary) -> str:
    """Show how many rows are in each state."""
    bars = [
        _Bar(state.value, _STATE_INKS.get(state, "faint"), summary[state])
        for state in RowState
        if summary[state]
    ]
    bars.sort(key=lambda bar: -bar.value)
    return _bars("outcomes", bars, title="Rows by outcome")


def statuses_plot(statuses: Sequence[Status]) -> str:
    """Show how far accepted messages got."""
    words = {"unheard": "nothing heard"}
    totals = [
        (kind, sum(each.rows for each in statuses if each.kind == kind))
        for kind in KINDS
    ]
    bars = [
        _Bar(words.get(kind, kind), _KIND_INKS.get(kind, "faint"), total)
        for kind, total in totals
        if total
    ]
    return _bars("statuses", bars, title="Accepted messages by delivery")


def _bars(name: str, bars: Sequence[_Bar], *, title: str) -> str:
    total = sum(bar.value for bar in bars)

    def draw(figure: Figure) -> None:
        axes = _plain(figure)
        places = range(len(bars))
        values = [bar.value for bar in bars]
        inks = [INKS[bar.ink] for bar in bars]
        axes.barh(places, values, height=0.62, color=inks)
        axes.set_yticks(places, [bar.label for bar in bars], color=INKS["ink"])
        axes.invert_yaxis()
        # A fifth is left for the figures beside the bars.
        axes.set_xlim(0, max(values) * 1.28)
        axes.xaxis.set_visible(False)
        axes.spines["bottom"].set_visible(False)
        for place, value in zip(places, values, strict=True):
            _beside(axes, value, place, f"{value:,} ({_share(value, total)})")

    said = ", ".join(
        f"{bar.label} {bar.value:,} ({_share(bar.value, total)})" for bar in bars
    )
    return drawn(
        name, (_WIDTH, 24 + _BAR * len(bars)), draw, title=title, description=said
    )


def requests_plot(pace: Pace, tier: Tier | None, zone: dt.tzinfo) -> str:
    """Show the requests of any minute, against the most that the tier allows."""
    limit = tier.requests_per_minute if tier else None
    most = max(pace.busiest_requests)
    said = f"At most {most:,} requests in 60 seconds"
    said += f"; the tier allows {limit:,}." if limit else "."
    draw = partial(
        _draw_pace,
        pace=pace,
        values=pace.busiest_requests,
        zone=zone,
        limit=limit,
        label="requests in 60 s",
        limit_label=f"the tier's limit: {limit:,}",
    )
    title = "Requests in the 60 seconds before each moment"
    return drawn("requests", (_WIDTH, _HEIGHT), draw, title=title, description=said)


def messages_plot(pace: Pace, zone: dt.tzinfo) -> str:
    """Show the messages of any minute."""
    said = f"At most {max(pace.busiest_messages):,} messages in 60 seconds."
    draw = partial(
        _draw_pace,
        pace=pace,
        values=pace.busiest_messages,
        zone=zone,
        label="messages in 60 s",
    )
    title = "Messages in the 60 seconds before each moment"
    return drawn("messages", (_WIDTH, _HEIGHT), draw, title=title, description=said)


def _draw_pace(
    figure: Figure,
    *,
    pace: Pace,
    values: Sequence[int],
    zone: dt.tzinfo,
    label: str,
    limit: int | None = None,
    limit_label: str = "",
) -> None:
    axes = _plain(figure)
    edges = [
        dt.datetime.fromtimestamp(pace.first + step * pace.width, zone)
        for step in range(len(values) + 1)
    ]
    axes.stairs(values, edges, fill=True, color=INKS["chosen"])  # type: ignore[arg-type]
    axes.stairs(values, edges, baseline=None, color=INKS["accent"], linewidth=1.6)  # type: ignore[arg-type]
    top = max(max(values), limit or 0)
    if limit is not None:
        axes.axhline(limit, color=INKS["bad"], linewidth=1.2, linestyle=(0, (5, 3)))
        axes.annotate(
            limit_label,
            (1, limit),
            xycoords=("axes fraction", "data"),
            xytext=(0, 4),
            textcoords="offset points",
            ha="right",
            color=INKS["bad"],
        )
    axes.set_ylim(0, top * 1.16)
    axes.set_xlim(edges[0], edges[-1])  # type: ignore[arg-type]
    _scale(axes, label)
    _date(axes, edges[0], edges[-1], zone)


def _date(axes: Axes, first: dt.datetime, last: dt.datetime, zone: dt.tzinfo) -> None:
    span = (last - first).total_seconds()
    form, ticks = next((form, n) for most, form, n in _FORMS if span <= most)
    axes.xaxis.set_major_locator(AutoDateLocator(tz=zone, minticks=3, maxticks=ticks))
    axes.xaxis.set_major_formatter(DateFormatter(form, tz=zone))
    day = f"{first.day} {first:%B %Y}, " if "%d" not in form else ""
    axes.set_xlabel(f"{day}{zone}")


def times_plot(times: DeliveryTimes) -> str:
    """Show how long delivery took."""
    said = (
        f"Half of {times.rows:,} messages took no longer than "
        f"{say_span(times.median)}, 95 of 100 no longer than {say_span(times.most)}, "
        f"the longest {say_span(times.longest)}."
    )
    draw = partial(_draw_times, times=times)
    title = "Seconds from the send until delivery was heard of"
    return drawn("times", (_WIDTH, _HEIGHT), draw, title=title, description=said)


def _draw_times(figure: Figure, *, times: DeliveryTimes) -> None:
    axes = _plain(figure)
    end = len(times.counts) * times.width
    starts = [place * times.width for place in range(len(times.counts))]
    axes.bar(
        starts,
        times.counts,
        width=times.width,
        align="edge",
        color=INKS["accent"],
        edgecolor=INKS["paper"],
        linewidth=0.8,
    )
    top = max(times.counts) * 1.3
    axes.set_ylim(0, top)
    axes.set_xlim(0, end)
    marks = (("median", times.median, 0.995), ("95 %", times.most, 0.885))
    for word, seconds, height in marks:
        axes.axvline(seconds, ymax=height - 0.02, color=INKS["ink"], linewidth=1.2)
        is_late = seconds > end * 0.6
        axes.annotate(
            f"{word}: {say_span(seconds)}",
            (seconds, height * top),
            (-5 if is_late else 5, 0),
            textcoords="offset points",
            ha="right" if is_late else "left",
            va="top",
            color=INKS["ink"],
        )
    _scale(axes, "messages")
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 3, 5, 6, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: say_span(value)))
    axes.set_xlabel("from the send until it was heard of")


def countries_plot(countries: Sequence[Country]) -> str:
    """Show the outcomes of the countries with most rows."""
    shown = countries[:COUNTRIES_SHOWN]
    parts: tuple[tuple[str, str, Callable[[Country], int]], ...] = (
        ("accepted", "good", lambda each: each.accepted),
        ("refused", "bad", lambda each: each.refused),
        ("unknown", "warm", lambda each: each.unknown),
        ("other", "faint", lambda each: each.others),
    )

    def draw(figure: Figure) -> None:
        axes = _plain(figure)
        places = range(len(shown))
        lefts = [0] * len(shown)
        for word, ink, of in parts:
            values = [of(each) for each in shown]
            if any(values):
                axes.barh(
                    places, values, left=lefts, height=0.68, color=INKS[ink], label=word
                )
            lefts = [left + value for left, value in zip(lefts, values, strict=True)]
        axes.set_yticks(places, [_region(each) for each in shown], color=INKS["ink"])
        axes.invert_yaxis()
        axes.set_xlim(0, max(lefts) * 1.15)
        axes.xaxis.set_visible(False)
        axes.spines["bottom"].set_visible(False)
        for place, total in zip(places, lefts, strict=True):
            _beside(axes, total, place, f"{total:,}")
        _legend(figure, axes)

    said = ", ".join(
        f"{_region(each)} {each.rows:,} rows, {each.accepted:,} accepted"
        for each in shown
    )
    size = (_WIDTH, 60 + 22.0 * len(shown))
    title = f"Outcomes by country, the {len(shown)} with most rows"
    return drawn("countries", size, draw, title=title, description=said)


def _region(country: Country) -> str:
    return country.region or "none"


def segments_plot(segments: Segments) -> str:
    """Show how many messages cost how many segments."""
    counts = _joined(segments.counts.items())
    said = ", ".join(f"{label} segments: {count:,}" for label, count in counts)

    def draw(figure: Figure) -> None:
        axes = _plain(figure)
        places = range(len(counts))
        values = [count for _, count in counts]
        axes.bar(places, values, width=0.62, color=INKS["accent"])
        axes.set_xticks(places, [label for label, _ in counts], color=INKS["ink"])
        # No bar gets as wide as the plot.
        spare = max(0, 5 - len(counts)) / 2
        axes.set_xlim(-0.6 - spare, len(counts) - 0.4 + spare)
        axes.set_ylim(0, max(values) * 1.15)
        _scale(axes, "messages")
        axes.set_xlabel("segments of a message")
        for place, value in zip(places, values, strict=True):
            axes.text(place, value, f"{value:,}", ha="center", va="bottom")

    title = "Messages by the segments they cost"
    return drawn("segments", (_WIDTH, _HEIGHT), draw, title=title, description=said)


def _joined(counts: Iterable[tuple[int, int]]) -> list[tuple[str, int]]:
    """Put messages of very many segments together."""
    plain = [(str(size), n) for size, n in counts if size <= _MOST_SEGMENTS]
    rest = sum(n for size, n in counts if size > _MOST_SEGMENTS)
    return plain + [(f"more than {_MOST_SEGMENTS}", rest)] * bool(rest)


def _beside(axes: Axes, end: float, place: float, label: str) -> None:
    """Write behind the end of a bar."""
    axes.annotate(label, (end, place), (5, 0), textcoords="offset points", va="center")


def _plain(figure: Figure) -> Axes:
    return figure.add_subplot()


def _scale(axes: Axes, label: str) -> None:
    axes.set_ylabel(label)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_formatter(_count)
    axes.tick_params(axis="x", pad=6)
    axes.grid(axis="y")


def _legend(figure: Figure, axes: Axes) -> None:
    entries, words = axes.get_legend_handles_labels()
    figure.legend(
        entries,
        words,
        loc="outside upper left",
        ncols=len(words),
        frameon=False,
        handlelength=0.9,
        handleheight=0.9,
        columnspacing=1.4,
        borderaxespad=0.2,
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}".replace("%", " %")
