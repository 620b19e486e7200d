"""Messages with placeholders, filled in from the columns of a row."""

from __future__ import annotations

import html
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

import attrs

from stackverify.errors import InvalidInputError
from stackverify.models.messages import Attachment, Email, Sms, WhatsAppTemplate
from stackverify.models.velstack import QuickSms

__all__ = [
    "CampaignMessage",
    "CHANNELS",
    "differing_fields",
    "read_template",
    "Template",
    "write_template",
]

CampaignMessage: TypeAlias = Sms | Email | WhatsAppTemplate | QuickSms
"""What a campaign can send."""

M = TypeVar("M", bound=CampaignMessage)
Fields: TypeAlias = Mapping[str, Any]
_Fill: TypeAlias = Callable[[Fields], Any]

CHANNELS: Mapping[str, type[CampaignMessage]] = {
    "sms": Sms,
    "email": Email,
    "whatsapp": WhatsAppTemplate,
    "velstack": QuickSms,
}
"""The kind of message of each channel."""

_RECIPIENT = ("to", "recipient")
_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


class Template(Generic[M]):
    """A message with `{placeholders}`; `{{` and `}}` stand for braces.

    Args:
        message: A message whose texts may have names of columns in braces.
        allow_blank: Let an empty value stand for a placeholder.

    Attributes:
        message: The same.
        columns: The columns it needs, each once, in order.

    Raises:
        InvalidInputError: A brace is left alone, or there is no one recipient.
    """

    def __init__(self, message: M, *, allow_blank: bool = False) -> None:
        if type(message) not in CHANNELS.values():
            raise InvalidInputError(
                f"is of type {type(message).__name__}",
                "template",
                "give a message with placeholders, such as an Sms",
            )
        if not isinstance(message.to, str):
            raise InvalidInputError(
                f"is of type {type(message.to).__name__}",
                "to",
                'give a placeholder, as in to="{phone}": a row is one recipient',
            )
        self.message: M = message
        self._kind: type[M] = type(message)
        self._allow_blank = allow_blank
        self._columns: dict[str, None] = {}
        self._fixed: dict[str, Any] = {}
        self._filled: list[tuple[str, _Fill]] = []
        self._to: _Fill | None = None
        for field in attrs.fields(type(message)):
            self._compile_field(field.name, getattr(message, field.name))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it needs."""
        return tuple(self._columns)

    def fill(self, row: Fields) -> M:
        """Make the message of a row.

        Raises:
            InvalidInputError: A column it needs is missing, or empty.
        """
        filled = {name: fill(row) for name, fill in self._filled}
        return self._kind(**self._fixed, **filled)

    def recipient(self, row: Fields) -> str:
        """Tell whom a row is for; nothing if the row does not say."""
        try:
            return self._to(row) if self._to else str(_unescaped(self.message.to))
        except InvalidInputError:
            return ""

    @property
    def is_same_for_all(self) -> bool:
        """Whether all recipients get the same message."""
        return [name for name, _ in self._filled] in ([], ["to"], ["recipient"])

    def _compile_field(self, name: str, value: Any) -> None:
        fill = self._compile(name, value)
        if name in _RECIPIENT:
            self._to = fill
        if fill is None:
            self._fixed[name] = _unescaped(value)
        else:
            self._filled.append((name, fill))

    def _compile(self, field: str, value: Any) -> _Fill | None:
        if isinstance(value, str):
            return self._compile_text(field, value)
        if isinstance(value, Mapping):
            parts = {key: self._compile(field, each) for key, each in value.items()}
            if not any(parts.values()):
                return None
            fixed = {key: _unescaped(value[key]) for key in parts}
            return lambda row: {
                key: fill(row) if fill else fixed[key] for key, fill in parts.items()
            }
        return None

    def _compile_text(self, field: str, text: str) -> _Fill | None:
        pieces = [*_pieces(field, text)]
        columns = [name for is_column, name in pieces if is_column]
        if not columns:
            return None
        self._columns |= dict.fromkeys(columns)
        pattern = "".join(
            "%s" if is_column else piece.replace("%", "%%")
            for is_column, piece in pieces
        )
        read, escape = self._reader(field), html.escape if field == "html" else None

        def fill(row: Fields) -> str:
            values = [read(row, column) for column in columns]
            return pattern % tuple(map(escape, values) if escape else values)

        return fill

    def _reader(self, field: str) -> Callable[[Fields, str], str]:
        allow_blank = self._allow_blank

        def read(row: Fields, column: str) -> str:
            value = row.get(column)
            text = value if isinstance(value, str) else _as_text(value)
            if text.strip() or (
                allow_blank and field not in _RECIPIENT and column in row
            ):
                return text
            raise InvalidInputError(
                f"has no value for {{{column}}}",
                field,
                "fill in the column, or allow it to be blank",
            )

        return read


def _as_text(value: object) -> str:
    return "" if value is None else str(value)


def _pieces(field: str, text: str) -> Iterator[tuple[bool, str]]:
    """Take a text apart into what stands as it is, and columns."""
    end = 0
    for found in _PART.finditer(text):
        if found.start() > end:
            yield False, text[end : found.start()]
        end = found.end()
        if found.group() in ("{{", "}}"):
            yield False, found.group()[0]
        elif name := (found.group(1) or "").strip():
            yield True, name
        else:
            raise InvalidInputError(
                "has a brace that belongs to no placeholder",
                field,
                "write {column}, or {{ and }} for braces",
            )
    if end < len(text):
        yield False, text[end:]


def _unescaped(value: Any) -> Any:
    if isinstance(value, str):
        return "".join(piece for _, piece in _pieces("", value))
    if isinstance(value, Mapping):
        return {key: _unescaped(each) for key, each in value.items()}
    return value


def write_template(message: CampaignMessage) -> dict[str, Any]:
    """Put a template into JSON values."""
    channel = next(name for name, kind in CHANNELS.items() if type(message) is kind)
    fields = attrs.asdict(message, recurse=False)
    written: dict[str, Any] = {"channel": channel}
    for name, value in fields.items():
        if name == "attachments":
            written[name] = [_write_file(file) for file in value]
        elif name == "scheduled_at" and value is not None:
            written[name] = value if isinstance(value, str) else value.isoformat()
        else:
            written[name] = dict(value) if isinstance(value, Mapping) else value
    return {name: value for name, value in written.items() if value not in (None, [])}


def read_template(written: Mapping[str, Any]) -> CampaignMessage:
    """Read a template that `write_template` wrote."""
    fields = dict(written)
    kind = CHANNELS[fields.pop("channel")]
    if "attachments" in fields:
        fields["attachments"] = [_read_file(file) for file in fields["attachments"]]
    return kind(**fields)


def differing_fields(old: Fields, new: Fields) -> list[str]:
    """Name what differs between two templates, or two rows."""
    return sorted(
        name for name in {*old, *new} if old.get(name, ...) != new.get(name, ...)
    )


def _write_file(file: Attachment) -> dict[str, str]:
    about = {"name": file.name, "media_type": file.media_type}
    if isinstance(file.content, Path):
        return {**about, "path": str(file.content)}
    return {**about, "content": b64encode(file.content).decode()}


def _read_file(written: Mapping[str, str]) -> Attachment:
    content: bytes | Path
    if "path" in written:
        content = Path(written["path"])
    else:
        content = b64decode(written["content"])
    return Attachment(written["name"], content, written["media_type"])
