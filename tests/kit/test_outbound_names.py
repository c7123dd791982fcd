"""Names that nobody answers for hold up no others."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from rivya.kit.outbound.connector import SystemResolver

FOUND = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 443))]


class System:
    """A system whose name servers never answer for ``dead`` names, until ``end``; it knows no ``unknown``."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.end = threading.Event()

    def __call__(self, host: str, *_: Any, **__: Any) -> Any:
        self.asked[host] += 1
        if host.startswith("dead"):
            self.end.wait(60)
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        if host.startswith("unknown"):
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return FOUND


@pytest.fixture
def system() -> Iterator[System]:
    made = System()
    yield made
    made.end.set()


async def test_a_name_is_found_while_hundreds_of_others_hang(system: System) -> None:
    resolver = SystemResolver(system)
    for _ in range(2):  # the second time they are known to be slow
        hanging = [asyncio.create_task(resolver.resolve(f"dead{number}.example", 443)) for number in range(150)]
        await asyncio.sleep(0)
        async with asyncio.timeout(30):
            found = await resolver.resolve("alive.example", 443)
        assert [one["host"] for one in found] == ["192.0.2.7"]
        assert not any(task.done() for task in hanging)
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)
    await resolver.close()
    system.end.set()


async def test_who_asks_for_the_same_name_waits_for_the_same_answer(system: System) -> None:
    resolver = SystemResolver(system)
    asking = [asyncio.create_task(resolver.resolve("dead.example", 443)) for _ in range(20)]
    await asyncio.sleep(0)
    asking[0].cancel()  # whoever leaves takes it from nobody
    await asyncio.sleep(0)
    system.end.set()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert system.asked["dead.example"] == 1
    assert isinstance(answers[0], asyncio.CancelledError)
    assert {type(answer) for answer in answers[1:]} == {socket.gaierror}
    await resolver.close()


async def test_a_name_that_is_not_there_is_asked_for_again(system: System) -> None:
    resolver = SystemResolver(system)
    for _ in range(2):
        with pytest.raises(socket.gaierror):
            await resolver.resolve("unknown.example", 443)
    assert system.asked["unknown.example"] == 2
    await resolver.close()
