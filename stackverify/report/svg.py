"""Figures of matplotlib as pieces of a page: its fonts, its colours, its own names."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from html import escape
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

__all__ = ["drawn", "HEIGHT", "INKS", "scale", "WIDTH"]

WIDTH = 450.0
HEIGHT = 230.0
"""The size of most plots: narrow enough for a phone, two fit side by side."""

INKS: Mapping[str, str] = {
    "ink": "#010101",
    "faint": "#020202",
    "line": "#030303",
    "paper": "#040404",
    "accent": "#050505",
    "good": "#060606",
    "bad": "#070707",
    "warm": "#080808",
    "chosen": "#090909",
}
"""Stand-ins for the colours of the page, which differ by day and by night."""

_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: it can be searched, and read aloud
    "font.size": 12.0,
    "text.color": INKS["faint"],
    "axes.edgecolor": INKS["line"],
    "axes.facecolor": "none",
    "axes.labelcolor": INKS["faint"],
    "axes.labelsize": 11.5,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.axisbelow": True,
    "figure.facecolor": "none",
    "figure.edgecolor": "none",
    "grid.color": INKS["line"],
    "grid.linewidth": 0.8,
    "xtick.color": INKS["faint"],
    "ytick.color": INKS["faint"],
    "xtick.labelsize": 11.5,
    "ytick.labelsize": 11.5,
    "xtick.major.size": 0.0,
    "ytick.major.size": 0.0,
}
# Settings are the whole process's, and are put back.
_settings_are_ours = threading.Lock()

_VIEW = re.compile(r'viewBox="([^"]*)"')
_DEFINITIONS_FOR_ALL = re.compile(r"<style\b.*?</style>", re.DOTALL)
_FAMILY = re.compile(r" font-family: [^;\"]*;?")
_NAME = re.compile(r'(\bid="|"#|url\(#)')
_PRECISE = re.compile(r"(\d+\.\d\d)\d+")
_INK = re.compile("|".join(INKS.values()))
_VARIABLES = {ink: f"var(--{name})" for name, ink in INKS.items()}


def drawn(
    name: str,
    size: tuple[float, float],
    draw: Callable[[Figure], None],
    *,
    title: str,
    description: str,
) -> str:
    """Draw a figure, and give it as SVG to be put into a page.

    Args:
        name: What tells it from the others of the page.
        size: Width and height, in units of which text is 12 high.
        draw: Draws it.
        title: What it shows.
        description: The same for who does not see it.
    """
    text = io.StringIO()
    with _own_settings(name):
        figure = Figure(figsize=(size[0] / 72, size[1] / 72), layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure)
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return _as_piece(name, text.getvalue(), title, description)


def scale(axes: Axes, label: str) -> None:
    """Mark the height of a plot in round numbers."""
    axes.set_ylabel(label)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.grid(axis="y")
    axes.tick_params(axis="x", pad=6)


@contextmanager
def _own_settings(name: str) -> Iterator[None]:
    with _settings_are_ours, mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        mpl.rcParams["svg.hashsalt"] = name
        yield


def _as_piece(name: str, svg: str, title: str, description: str) -> str:
    view = _VIEW.search(svg)
    assert view is not None  # noqa: S101 - matplotlib writes one
    body = svg[svg.index("</metadata>") + len("</metadata>") : svg.rindex("</svg>")]
    body = _DEFINITIONS_FOR_ALL.sub("", body)
    body = _FAMILY.sub("", body)
    body = _PRECISE.sub(r"\1", body)
    body = _NAME.sub(rf"\g<1>{name}-", body)
    body = _INK.sub(lambda found: _VARIABLES[found.group()], body)
    return (
        f'<svg viewBox="{view.group(1)}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(description)}</desc>{body}</svg>'
    )
