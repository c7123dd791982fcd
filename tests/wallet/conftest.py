"""No wallet test leaves money in disorder."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from rivya.kit.db import Pool
from rivya.wallet.invariants import verify


@pytest.fixture
async def db(pool: Pool) -> AsyncIterator[Pool]:
    """The test's own database, with every rule about money checked at its end."""
    yield pool
    assert await verify(pool) == []
