"""Which messages a search is for: `to:+254 status:failed hello`."""

import shlex
from collections.abc import Callable, Mapping
from typing import TypeAlias

import attrs

from stackverify.sandbox.messages import Email, Message, Sms, Template

__all__ = ["Search"]

_Words: TypeAlias = tuple[tuple[str, str], ...]


def _sender(message: Message) -> str:
    match message.content:
        case Sms(sender_id=sender):
            return sender or ""
        case Email(from_name=name, from_email=address):
            return f"{name or ''} {address or ''}"
        case _:
            return ""


def _text(message: Message) -> str:
    match message.content:
        case Email() as email:
            return f"{email.subject}\n{email.plain or ''}\n{email.html or ''}"
        case Template() as template:
            return f"{template.name}\n{template.text}"
        case _:
            return message.text


def _everything(message: Message) -> str:
    return f"{message.to}\n{message.message_id}\n{_sender(message)}\n{_text(message)}"


_FIELDS: Mapping[str, Callable[[Message], str]] = {
    "to": lambda message: message.to,
    "channel": lambda message: message.channel,
    "from": _sender,
    "id": lambda message: message.message_id,
    "text": _text,
    "": _everything,
}


@attrs.frozen
class Search:
    """What to look for; every word must fit, and case does not matter.

    Attributes:
        words: What each field must hold: `to`, `from`, `channel`, `id`, `text`, or
            any of them where the field is empty.
        statuses: What the status must begin with.
    """

    words: _Words = ()
    statuses: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Search":
        """Read what was typed: words, "quoted words", and `field:word`."""
        words: list[tuple[str, str]] = []
        statuses: list[str] = []
        for word in _split(text):
            name, colon, value = word.partition(":")
            if colon and name.lower() == "status":
                statuses.append(value.lower())
            elif colon and name.lower() in _FIELDS:
                words.append((name.lower(), value.lower()))
            else:
                words.append(("", word.lower()))
        return cls(tuple(words), tuple(statuses))

    def fits(self, message: Message, status: str) -> bool:
        """Tell whether a message that has this status is looked for."""
        if not all(status.startswith(wanted) for wanted in self.statuses):
            return False
        return all(
            value in _FIELDS[name](message).lower() for name, value in self.words
        )


def _split(text: str) -> list[str]:
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace_split, lexer.quotes = True, '"'
    lexer.commenters = lexer.escape = ""
    try:
        return list(lexer)
    except ValueError:  # a quote that is still open while somebody types
        return text.replace('"', " ").split()
