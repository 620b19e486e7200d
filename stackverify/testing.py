"""The sandbox as tests want it: in this process, with a clock that stands still."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any

from stackverify import AsyncClient, Client
from stackverify.sandbox import Channel, Clock, Email, Message, Sandbox, Template
from stackverify.sandbox.transport import SandboxTransport

__all__ = ["SandboxInTests"]

_TIER = "enterprise:60000"
# Nobody is there: requests never leave the process.
_NOWHERE = "https://sandbox.invalid/api/v1"


class SandboxInTests(Sandbox):
    """A pretend service for tests of code that sends messages.

    All of `Sandbox` is there: `messages()`, `deliver()`, `reply()`, `faults`, `clock`,
    `knobs`, `reset()`. Its clock stands still until `clock.advance(seconds)`, so a
    message is `queued` until the test says otherwise, and no message fails unless told.
    It has a port only once `base_url` is asked for.
    """

    def __init__(self) -> None:
        now = time.time()
        super().__init__(
            tier=_TIER,
            # One of its own, for clients of one key share what they learnt of limits.
            api_key=f"sk_test_{secrets.token_hex(12)}",
            clock=Clock(lambda: now),
            failing=0.0,
        )
        self.transport: SandboxTransport = SandboxTransport(self)

    def client(self, **options: Any) -> Client:
        """Make a `Client` that ends here, without a port.

        Args:
            **options: As `Client` takes them.
        """
        return Client(**self._wired(options))

    def async_client(self, **options: Any) -> AsyncClient:
        """Make an `AsyncClient` that ends here, without a port.

        Args:
            **options: As `AsyncClient` takes them.
        """
        return AsyncClient(**self._wired(options))

    def _wired(self, options: Mapping[str, Any]) -> dict[str, Any]:
        wires = {"base_url": _NOWHERE, "tier": _TIER, "http": self.transport}
        return {"api_key": self.api_key, **wires, **options}

    @property
    def inbox_url(self) -> str:
        """Where a browser shows what was accepted; the first look opens a port."""
        if not self.is_running:
            self.start()
        return super().inbox_url

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that lead a client here; a port is opened for it."""
        return {
            "STACKVERIFY_API_KEY": self.api_key,
            "STACKVERIFY_BASE_URL": self.base_url,
            "STACKVERIFY_TIER": _TIER,
            "STACKVERIFY_WEBHOOK_SECRET": self.knobs.webhook_secret,
        }

    def assert_sent(
        self,
        to: str | None = None,
        *,
        channel: Channel | None = None,
        text: str | None = None,
        subject: str | None = None,
        template: str | None = None,
        times: int = 1,
    ) -> Message:
        """Assert that a message was accepted, and give it; the latest, if several.

        Args:
            to: The recipient.
            channel: `sms`, `email` or `whatsapp`.
            text: What its text holds somewhere.
            subject: What the subject of an email holds somewhere.
            template: The name of a WhatsApp template.
            times: How many such messages there must be; for none of them there is
                `assert_nothing_sent`.

        Raises:
            AssertionError: There are more or fewer; the text lists what was accepted.
            ValueError: `times` is less than 1.
        """
        __tracebackhide__ = True
        if times < 1:
            raise ValueError("times must be 1 or more: see assert_nothing_sent()")
        found = self._such(to, channel, text, subject, template)
        if len(found) != times:
            raise AssertionError(_wrong(len(found), times, self.messages()))
        return found[-1]

    def assert_nothing_sent(
        self,
        to: str | None = None,
        *,
        channel: Channel | None = None,
        text: str | None = None,
        subject: str | None = None,
        template: str | None = None,
    ) -> None:
        """Assert that no message was accepted, or none such.

        Args:
            to: As in `assert_sent`, and so are the others.
            channel: `sms`, `email` or `whatsapp`.
            text: What its text holds somewhere.
            subject: What the subject of an email holds somewhere.
            template: The name of a WhatsApp template.

        Raises:
            AssertionError: One was.
        """
        __tracebackhide__ = True
        if found := self._such(to, channel, text, subject, template):
            raise AssertionError(_wrong(len(found), 0, self.messages()))

    def _such(
        self,
        to: str | None,
        channel: Channel | None,
        text: str | None,
        subject: str | None,
        template: str | None,
    ) -> list[Message]:
        return [
            message
            for message in self.messages(channel=channel, to=to)
            if (text is None or text in message.text)
            and (subject is None or subject in _subject(message))
            and template in (None, _template(message))
        ]


def _subject(message: Message) -> str:
    content = message.content
    return content.subject if isinstance(content, Email) else ""


def _template(message: Message) -> str | None:
    content = message.content
    return content.name if isinstance(content, Template) else None


def _wrong(found: int, times: int, accepted: Sequence[Message]) -> str:
    lines = [f"{found} such messages were accepted, not {times}. All that were:"]
    lines += [
        f"  {each.channel} to {each.to}: {each.text!r}" for each in accepted[-20:]
    ]
    return "\n".join(lines if accepted else [*lines, "  none"])
