"""One message at a time, against the sandbox."""

import pytest

from stackverify import AsyncClient
from stackverify.sandbox import Sandbox

pytestmark = pytest.mark.anyio


async def test_a_text_is_accepted_and_kept(sandbox: Sandbox) -> None:
    async with AsyncClient(sandbox.api_key, base_url=sandbox.base_url) as client:
        receipt = await client.sms.send("+254712345678", "Your code is 4921")
    assert receipt.message_id == sandbox.messages()[0].message_id
