"""What can be set about the pretend Velstack service, before or while it runs."""

from decimal import Decimal
from typing import Literal, TypeAlias

import attrs

from stackverify.sandbox.choices import one_of

__all__ = ["CreditStyle", "ListStyle", "OneStyle", "RecipientsStyle", "VelstackKnobs"]

OneStyle: TypeAlias = Literal["seen", "object", "array"]
ListStyle: TypeAlias = Literal["seen", "Summary", "results", "bare"]
RecipientsStyle: TypeAlias = Literal["array", "joined"]
CreditStyle: TypeAlias = Literal["text", "number"]


@attrs.define(kw_only=True)
class VelstackKnobs:
    """Every setting; where sources differ, the first value named is the default."""

    credit: Decimal = attrs.field(default=Decimal(1000), converter=Decimal)
    """What may be spent; a test key spends nothing of it."""
    is_down: bool = False
    """Whether sends are answered with code 503."""
    sends_answer_200: bool = True
    """Whether a send that is refused has HTTP 200 all the same, as the site says."""
    one_style: OneStyle = attrs.field(default="seen", validator=one_of(OneStyle))
    """How a single record is written: as it was seen of each, as an object, or as
    an array of one."""
    list_style: ListStyle = attrs.field(default="seen", validator=one_of(ListStyle))
    """Where a list stands: as it was seen of each, or all the same way."""
    recipients_style: RecipientsStyle = attrs.field(
        default="array", validator=one_of(RecipientsStyle)
    )
    """How the recipients of a send are repeated."""
    credit_style: CreditStyle = attrs.field(
        default="text", validator=one_of(CreditStyle)
    )
    """How the credit that is left is written."""
    page_size: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.ge(1))
    )
    """Rows of a page, with `meta` to tell of the next; no pages if `None`."""
