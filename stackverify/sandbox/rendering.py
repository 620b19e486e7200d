"""A WhatsApp template with its variables filled in."""

import re
from collections.abc import Iterator, Mapping

import attrs

from stackverify.sandbox.knobs import Templates
from stackverify.sandbox.messages import Template

__all__ = ["Part", "render"]

_PLACE = re.compile(r"\{\{\s*([0-9]+)\s*\}\}")


@attrs.frozen
class Part:
    """A part of what the recipient reads.

    Attributes:
        text: What it says.
        variable: The position it was filled in at, where it is none of the template's
            own words.
        is_missing: Whether nothing was given for that position.
    """

    text: str = attrs.field(repr=False)
    variable: str | None = None
    is_missing: bool = False


def render(template: Template, catalogue: Templates) -> list[Part] | None:
    """Fill in a template; `None` where the catalogue has no text for it."""
    texts = catalogue.get(template.name)
    text = texts.get(template.language) if isinstance(texts, Mapping) else None
    return list(_parts(text, template.variables)) if text is not None else None


def _parts(text: str, variables: Mapping[str, str]) -> Iterator[Part]:
    end = 0
    for place in _PLACE.finditer(text):
        if place.start() > end:
            yield Part(text[end : place.start()])
        number = place[1]
        value = variables.get(number)
        yield Part(place[0] if value is None else value, number, value is None)
        end = place.end()
    if end < len(text):
        yield Part(text[end:])
