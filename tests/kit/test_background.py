"""What runs beside the calls is begun again when it breaks."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from rivya.kit.background import keep_running


async def test_what_breaks_is_told_and_begun_again() -> None:
    begun, again = 0, asyncio.Event()

    async def run() -> None:
        nonlocal begun
        begun += 1
        if begun < 3:
            raise ValueError("no")
        again.set()
        await asyncio.Event().wait()

    with capture_logs() as logs:
        keeping = asyncio.create_task(keep_running(run, pause_s=0))
        async with asyncio.timeout(5):
            await again.wait()
    assert [line["event"] for line in logs] == ["background.failed"] * 2
    assert "run" in logs[0]["of"]
    assert not keeping.done()
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    assert begun == 3
