"""Where StackVerify is, and what its settings are called."""

from __future__ import annotations

from stackverify._core.settings import Home
from stackverify.models.tier import Tier

__all__ = ["HOME"]

HOME = Home(
    base_url="https://stackverify.site/api/v1",
    key_variable="STACKVERIFY_API_KEY",
    url_variable="STACKVERIFY_BASE_URL",
    tier_variable="STACKVERIFY_TIER",
    # The slowest is safe.
    tier=Tier.LITE,
    strangers={
        "sv_live_": "belongs to another product, the mobile gateway: use a key that "
        "starts with sk_live_ or sk_test_."
    },
)
