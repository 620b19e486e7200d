"""The plots of a report that have a bar for each kind of row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import attrs
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stackverify.models.campaigns import CampaignSummary, RowState
from stackverify.report.facts import Country, Segments, Status
from stackverify.report.statuses import KINDS
from stackverify.report.svg import HEIGHT, INKS, WIDTH, drawn, scale

__all__ = [
    "countries_plot",
    "COUNTRIES_SHOWN",
    "outcomes_plot",
    "segments_plot",
    "statuses_plot",
]

COUNTRIES_SHOWN = 12
"""Countries that have a bar of their own."""

_BAR = 30.0
_COUNTRY_BAR = 22.0
_MOST_SEGMENTS = 10
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
        axes = figure.add_subplot()
        places = range(len(bars))
        values = [bar.value for bar in bars]
        inks = [INKS[bar.ink] for bar in bars]
        axes.barh(places, values, height=0.62, color=inks)
        # Room for the figures beside the bars.
        _lie_down(axes, [bar.label for bar in bars], most=max(values) * 1.28)
        for place, value in zip(places, values, strict=True):
            _beside(axes, value, place, f"{value:,} ({_share(value, total)})")

    said = ", ".join(
        f"{bar.label} {bar.value:,} ({_share(bar.value, total)})" for bar in bars
    )
    return drawn(
        name, (WIDTH, 24 + _BAR * len(bars)), draw, title=title, description=said
    )


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
        axes = figure.add_subplot()
        places = range(len(shown))
        lefts = [0] * len(shown)
        for word, ink, of in parts:
            values = [of(each) for each in shown]
            if any(values):
                axes.barh(
                    places, values, left=lefts, height=0.68, color=INKS[ink], label=word
                )
            lefts = [left + value for left, value in zip(lefts, values, strict=True)]
        _lie_down(axes, [_region(each) for each in shown], most=max(lefts) * 1.15)
        for place, total in zip(places, lefts, strict=True):
            _beside(axes, total, place, f"{total:,}")
        _legend(figure, axes)

    said = ", ".join(
        f"{_region(each)} {each.rows:,} rows, {each.accepted:,} accepted"
        for each in shown
    )
    size = (WIDTH, 60 + _COUNTRY_BAR * len(shown))
    title = f"Outcomes by country, the {len(shown)} with most rows"
    return drawn("countries", size, draw, title=title, description=said)


def _region(country: Country) -> str:
    return country.region or "none"


def segments_plot(segments: Segments) -> str:
    """Show how many messages cost how many segments."""
    counts = _joined(segments.counts)
    said = ", ".join(f"{label} segments: {count:,}" for label, count in counts)

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        places = range(len(counts))
        values = [count for _, count in counts]
        axes.bar(places, values, width=0.62, color=INKS["accent"])
        axes.set_xticks(places, [label for label, _ in counts], color=INKS["ink"])
        # No bar gets as wide as the plot.
        spare = max(0, 5 - len(counts)) / 2
        axes.set_xlim(-0.6 - spare, len(counts) - 0.4 + spare)
        axes.set_ylim(0, max(values) * 1.15)
        scale(axes, "messages")
        axes.set_xlabel("segments of a message")
        for place, value in zip(places, values, strict=True):
            axes.text(place, value, f"{value:,}", ha="center", va="bottom")

    title = "Messages by the segments they cost"
    return drawn("segments", (WIDTH, HEIGHT), draw, title=title, description=said)


def _joined(counts: Mapping[int, int]) -> list[tuple[str, int]]:
    """Put messages of very many segments together."""
    plain = [(str(size), n) for size, n in counts.items() if size <= _MOST_SEGMENTS]
    rest = sum(n for size, n in counts.items() if size > _MOST_SEGMENTS)
    return plain + [(f"more than {_MOST_SEGMENTS}", rest)] * bool(rest)


def _lie_down(axes: Axes, labels: Sequence[str], *, most: float) -> None:
    """Name the bars of a plot from the top down, and leave its scale out."""
    axes.set_yticks(range(len(labels)), labels, color=INKS["ink"])
    axes.invert_yaxis()
    axes.set_xlim(0, most)
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)


def _beside(axes: Axes, end: float, place: float, label: str) -> None:
    """Write behind the end of a bar."""
    axes.annotate(label, (end, place), (5, 0), textcoords="offset points", va="center")


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
