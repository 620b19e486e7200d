"""Groups of contacts."""

from __future__ import annotations

from stackverify._async.resource import AsyncResource
from stackverify._async.velstack.listing import AsyncVelstackList
from stackverify._services.velstack import calls, walk
from stackverify.models.velstack import Group

__all__ = ["AsyncGroups"]


class AsyncGroups(AsyncResource):
    """Groups of contacts; their addresses are assumed."""

    def list(self) -> AsyncVelstackList[Group]:
        """Walk all groups."""
        base_url = self._transport.settings.base_url
        return AsyncVelstackList(self._run, walk.groups(), base_url)

    async def get(
        self,
        group_id: int | str,
        *,
        timeout: float | None = None,
        deadline: float | None = None,
    ) -> Group:
        """Fetch a group.

        Raises:
            NotFoundError: There is no such group.
        """
        return await self._run(calls.get_group(group_id), timeout, deadline)

    async def create(
        self,
        name: str,
        *,
        timeout: float | None = None,
        deadline: float | None = None,
    ) -> Group:
        """Create a group.

        Raises:
            MaybeSentError: It left, and no clear answer came: look before you ask
                for it again, or there may be two.
        """
        return await self._run(calls.create_group(name), timeout, deadline)

    async def rename(
        self,
        group_id: int | str,
        name: str,
        *,
        timeout: float | None = None,
        deadline: float | None = None,
    ) -> None:
        """Give a group another name.

        Raises:
            NotFoundError: There is no such group.
        """
        await self._run(calls.rename_group(group_id, name), timeout, deadline)

    async def delete(
        self,
        group_id: int | str,
        *,
        timeout: float | None = None,
        deadline: float | None = None,
    ) -> None:
        """Delete a group.

        Raises:
            NotFoundError: There is no such group.
        """
        await self._run(calls.delete_group(group_id), timeout, deadline)
