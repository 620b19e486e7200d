"""Makes sure that a framework is given the receiver it can wait for."""

from __future__ import annotations

from stackverify.errors import ConfigurationError

__all__ = ["check_flavour"]


def check_flavour(receiver: object, wanted: type, framework: str) -> None:
    """Check a receiver where it is handed over, not at the first webhook.

    Raises:
        ConfigurationError: It is of the other flavour, or no receiver.
    """
    if not isinstance(receiver, wanted):
        raise ConfigurationError(
            f"webhook() for {framework} takes {wanted.__name__}, and was given "
            f"{type(receiver).__name__}."
        )
