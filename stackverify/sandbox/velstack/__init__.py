"""A pretend Velstack service, beside the other and with an inbox in common.

What the vendor's site shows is kept to; all else is as its own clients have it, and
where those differ a knob chooses.
"""

from stackverify.sandbox.velstack.book import Book, Contact, Group, SenderId
from stackverify.sandbox.velstack.keys import VelstackKey
from stackverify.sandbox.velstack.knobs import VelstackKnobs
from stackverify.sandbox.velstack.service import VELSTACK_PATH, VelstackService

__all__ = [
    "Book",
    "Contact",
    "Group",
    "SenderId",
    "VELSTACK_PATH",
    "VelstackKey",
    "VelstackKnobs",
    "VelstackService",
]
