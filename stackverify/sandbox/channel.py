"""The channels a message can go through."""

from typing import Literal, TypeAlias

__all__ = ["Channel"]

Channel: TypeAlias = Literal["sms", "email", "whatsapp"]
"""What a message goes through: `sms`, `email` or `whatsapp`."""
