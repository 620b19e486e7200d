"""Sender IDs: the names that recipients see."""

from __future__ import annotations

from stackverify._async.resource import AsyncResource
from stackverify._services.velstack import calls
from stackverify.models.velstack import SenderId

__all__ = ["AsyncSenderIds"]


class AsyncSenderIds(AsyncResource):
    """Sender IDs: the names that recipients see; their address is assumed."""

    async def register(
        self,
        sender_id: str,
        *,
        purpose: str,
        timeout: float | None = None,
        deadline: float | None = None,
    ) -> SenderId:
        """Ask for a sender ID; it is pending until Velstack approves of it.

        Args:
            sender_id: The name.
            purpose: What it is for.
            timeout: Seconds for one attempt.
            deadline: Seconds for all attempts and waits.
        """
        call = calls.register_sender_id(sender_id, purpose)
        return await self._run(call, timeout, deadline)
