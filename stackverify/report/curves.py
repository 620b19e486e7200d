"""The plots of a report that have a time below them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from functools import partial

from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, DateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator

from stackverify.models.tier import Tier
from stackverify.report.facts import DeliveryTimes, Pace
from stackverify.report.spans import round_width, say_span
from stackverify.report.svg import HEIGHT, INKS, WIDTH, drawn, scale

__all__ = ["messages_plot", "requests_plot", "times_plot"]

# How moments are written, by the seconds that a plot spans at most, and how many.
_FORMS = (
    (600.0, "%H:%M:%S", 6),
    (86_400.0, "%H:%M", 6),
    (4 * 86_400.0, "%d %b %H:%M", 4),
    (math.inf, "%d %b %Y", 4),
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
    )
    title = "Requests in the 60 seconds before each moment"
    return drawn("requests", (WIDTH, HEIGHT), draw, title=title, description=said)


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
    return drawn("messages", (WIDTH, HEIGHT), draw, title=title, description=said)


def _draw_pace(
    figure: Figure,
    *,
    pace: Pace,
    values: Sequence[int],
    zone: dt.tzinfo,
    label: str,
    limit: int | None = None,
) -> None:
    axes = figure.add_subplot()
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
            f"the tier's limit: {limit:,}",
            (1, limit),
            xycoords=("axes fraction", "data"),
            xytext=(0, 4),
            textcoords="offset points",
            ha="right",
            color=INKS["bad"],
        )
    axes.set_ylim(0, top * 1.16)
    axes.set_xlim(edges[0], edges[-1])  # type: ignore[arg-type]
    scale(axes, label)
    _date(axes, edges[0], edges[-1], zone)


def _date(axes: Axes, first: dt.datetime, last: dt.datetime, zone: dt.tzinfo) -> None:
    span = (last - first).total_seconds()
    form, ticks = next((form, n) for most, form, n in _FORMS if span <= most)
    locator = AutoDateLocator(tz=zone, minticks=3, maxticks=ticks)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(DateFormatter(form, tz=zone))  # type: ignore[no-untyped-call]
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
    title = "Time from the send until delivery was heard of"
    return drawn("times", (WIDTH, HEIGHT), draw, title=title, description=said)


def _draw_times(figure: Figure, *, times: DeliveryTimes) -> None:
    axes = figure.add_subplot()
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
    axes.set_ylim(0, max(times.counts) * 1.3)
    axes.set_xlim(0, end)
    _mark(axes, "median", times.median, 0.995)
    _mark(axes, "95 %", times.most, 0.885)
    scale(axes, "messages")
    axes.xaxis.set_major_locator(MultipleLocator(round_width(end / 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: say_span(value)))
    axes.set_xlabel("from the send until it was heard of")


def _mark(axes: Axes, word: str, seconds: float, height: float) -> None:
    """Mark a span of time by a line, with its name at its upper end."""
    axes.axvline(seconds, ymax=height - 0.02, color=INKS["ink"], linewidth=1.2)
    is_late = seconds > axes.get_xlim()[1] * 0.6
    axes.annotate(
        f"{word}: {say_span(seconds)}",
        (seconds, height * axes.get_ylim()[1]),
        (-5 if is_late else 5, 0),
        textcoords="offset points",
        ha="right" if is_late else "left",
        va="top",
        color=INKS["ink"],
    )
