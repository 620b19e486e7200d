"""What can be set about the pretend service, before or while it runs."""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias, TypedDict

import attrs

from stackverify.sandbox import checks
from stackverify.sandbox.choices import one_of
from stackverify.sandbox.limits import COUNTERS

__all__ = [
    "ArrayUnits",
    "ErrorStatus",
    "Knobs",
    "KnobValues",
    "ListStyle",
    "ReplyStyle",
    "StatusStyle",
    "Templates",
]

ReplyStyle: TypeAlias = Literal["top", "id", "data", "list", "bare"]
StatusStyle: TypeAlias = Literal["top", "data"]
ListStyle: TypeAlias = Literal["data+meta", "laravel", "bare", "messages"]
ErrorStatus: TypeAlias = Literal["text", "number", "boolean"]
ArrayUnits: TypeAlias = Literal["once", "each"]

Templates: TypeAlias = Mapping[str, Sequence[str] | Mapping[str, str]]

_TEMPLATES: Templates = {
    "order_update": {
        "en": "Hello {{1}}, your order {{2}} is on its way.",
        "sw": "Habari {{1}}, agizo lako {{2}} liko njiani.",
        "fr": "Bonjour {{1}}, votre commande {{2}} est en route.",
    },
    "welcome": {
        "en": "Welcome, {{1}}!",
        "sw": "Karibu, {{1}}!",
        "fr": "Bienvenue, {{1}} !",
    },
}
_OPT_OUT = ("STOP", "UNSUBSCRIBE", "CANCEL", "END", "QUIT")
_OPT_IN = ("START", "UNSTOP")


def _is_a_share(instance: object, attribute: object, value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"a share is from 0.0 to 1.0: {value!r}")


def _is_a_url(instance: object, attribute: object, value: str) -> None:
    if complaint := checks.http_url(value):
        raise ValueError(f"webhook_url {complaint}")


def _is_a_duration(
    instance: object, attribute: object, value: float | tuple[float, float]
) -> None:
    low, high = value if isinstance(value, tuple) else (value, value)
    if not 0 <= low <= high:
        raise ValueError(f"latency is seconds, or (least, most) seconds: {value!r}")


@attrs.define(kw_only=True)
class Knobs:
    """Every setting of the pretend service; each can be changed while it runs.

    Where the real service is undocumented the knob chooses between the likely
    variants, and the first value named is the default.
    """

    counting: str = attrs.field(
        default="fixed", validator=attrs.validators.in_(COUNTERS)
    )
    """How requests are counted: a key of `stackverify.sandbox.limits.COUNTERS`.
    A change takes effect with the next request, from a clean count."""
    array_units: ArrayUnits = attrs.field(default="once", validator=one_of(ArrayUnits))
    """Whether a send to many counts as one request or one for each recipient."""
    latency: float | tuple[float, float] = attrs.field(
        default=0.0, validator=_is_a_duration
    )
    """Seconds before an answer leaves, or the least and the most."""
    keep: int = attrs.field(default=100_000, validator=attrs.validators.ge(1))
    """How many messages are remembered; the oldest are forgotten first."""
    timetable: float = attrs.field(default=1.0, validator=attrs.validators.ge(0))
    """How slowly statuses move: 2.0 is half as fast, 0.0 reaches the end at once, and
    with infinity they move by hand only."""
    late: float = attrs.field(default=0.0, validator=attrs.validators.ge(0))
    """Seconds after the request until a message counts as accepted, and has a row in
    the list: as in a service that takes requests into a queue."""
    list_lag: float = attrs.field(default=0.0, validator=attrs.validators.ge(0))
    """Seconds until the list shows what was accepted."""
    failing: float = attrs.field(default=0.02, validator=_is_a_share)
    """The share of accepted messages that end badly."""
    atomic_arrays: bool = True
    """Whether one bad recipient refuses the whole array, or only itself."""
    reply_style: ReplyStyle = attrs.field(default="top", validator=one_of(ReplyStyle))
    """Where the answer to a send has the id: `message_id` or `id` at the top, in
    the object `data`, in an array `data` even for one recipient, or nowhere."""
    status_style: StatusStyle = attrs.field(
        default="top", validator=one_of(StatusStyle)
    )
    """Whether the answer to a status read is flat or inside `data`."""
    list_style: ListStyle = attrs.field(
        default="data+meta", validator=one_of(ListStyle)
    )
    """The envelope of a list."""
    error_status: ErrorStatus = attrs.field(
        default="text", validator=one_of(ErrorStatus)
    )
    """The type of `status` in an error: `"error"`, the HTTP number, or false."""
    templates: Templates = attrs.field(factory=lambda: dict(_TEMPLATES))
    """The approved WhatsApp templates, each with its languages, or with its text in
    each language: `{"welcome": {"en": "Welcome, {{1}}!"}}`."""
    opt_out_words: Sequence[str] = _OPT_OUT
    """Who writes one of these by SMS gets no more: messages to them fail (assumed)."""
    opt_in_words: Sequence[str] = _OPT_IN
    """Who writes one of these gets messages again."""
    webhook_url: str | None = attrs.field(
        default=None, validator=attrs.validators.optional(_is_a_url)
    )
    """Where delivery reports without a `callback_url` of their own, and inbound
    messages, are posted; nowhere if `None`."""
    webhook_secret: str = "whsec_sandbox"  # noqa: S105 - that of a pretend service
    """What webhooks are signed with."""
    webhooks_to_strangers: bool = False
    """Whether webhooks may leave this machine."""


class KnobValues(TypedDict, total=False):
    """The fields of `Knobs` as keyword arguments."""

    counting: str
    array_units: ArrayUnits
    latency: float | tuple[float, float]
    keep: int
    timetable: float
    late: float
    list_lag: float
    failing: float
    atomic_arrays: bool
    reply_style: ReplyStyle
    status_style: StatusStyle
    list_style: ListStyle
    error_status: ErrorStatus
    templates: Templates
    opt_out_words: Sequence[str]
    opt_in_words: Sequence[str]
    webhook_url: str | None
    webhook_secret: str
    webhooks_to_strangers: bool
