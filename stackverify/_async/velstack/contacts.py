"""Contacts, each in a group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stackverify._async.resource import AsyncResource
from stackverify._async.velstack.listing import AsyncVelstackList
from stackverify._services.velstack import calls, walk
from stackverify.models.velstack import Contact

__all__ = ["AsyncContacts"]


class AsyncContacts(AsyncResource):
    """Contacts, each in a group; their addresses are assumed."""

    def list(self, group_id: int | str | None = None) -> AsyncVelstackList[Contact]:
        """Walk all contacts, or those of a group."""
        listing = walk.contacts(group_id)
        base_url = self._transport.settings.base_url
        return AsyncVelstackList(self._run, listing, base_url)

    async def create(
        self,
        group_id: int | str,
        *,
        phone_number: str,
        first_name: str | None = None,
        last_name: str | None = None,
        email_address: str | None = None,
        extra: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        deadline: float | None = None,
    ) -> Contact:
        """Put somebody into a group.

        Args:
            group_id: The group.
            phone_number: The number, local or international.
            first_name: The first name.
            last_name: The last name.
            email_address: The address.
            extra: Further fields for the body, as they are.
            timeout: Seconds for one attempt.
            deadline: Seconds for all attempts and waits.

        Raises:
            MaybeSentError: It left, and no clear answer came: look before you ask
                for it again, or there may be two.
        """
        call = calls.create_contact(
            group_id,
            phone_number=phone_number,
            first_name=first_name,
            last_name=last_name,
            email_address=email_address,
            extra=extra,
        )
        return await self._run(call, timeout, deadline)

    async def update(
        self,
        contact_id: int | str,
        *,
        phone_number: str | None = None,
        first_name: str | None = None,
        last_name: str | None = None,
        email_address: str | None = None,
        extra: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        deadline: float | None = None,
    ) -> None:
        """Change what is given of a contact.

        Raises:
            NotFoundError: There is no such contact.
        """
        call = calls.update_contact(
            contact_id,
            phone_number=phone_number,
            first_name=first_name,
            last_name=last_name,
            email_address=email_address,
            extra=extra,
        )
        await self._run(call, timeout, deadline)

    async def delete(
        self,
        contact_id: int | str,
        *,
        timeout: float | None = None,
        deadline: float | None = None,
    ) -> None:
        """Delete a contact.

        Raises:
            NotFoundError: There is no such contact.
        """
        await self._run(calls.delete_contact(contact_id), timeout, deadline)
