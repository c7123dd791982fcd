"""The gatherer: a lone call goes at once, many become few, and a fault reaches whom it concerns."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from rivya.kit.batch import Gatherer, Overloaded

pytestmark = pytest.mark.timeout(5)


class Server:
    """Answers each item with its double, when it is let; notes the batches that came."""

    def __init__(self, *, open: bool = True) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()
        self.running = self.most_running = 0
        if open:
            self.gate.set()

    async def __call__(self, items: list[int]) -> Sequence[int]:
        self.batches.append(items)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await self.gate.wait()
            if any(item < 0 for item in items):
                raise ValueError("negative")
            if any(item > 1000 for item in items):
                raise ConnectionError("away")
            return [2 * item for item in items]
        finally:
            self.running -= 1


def is_value_error(error: Exception) -> bool:
    return isinstance(error, ValueError)


async def turns(number: int = 5) -> None:
    """Let everything that is ready run."""
    for _ in range(number):
        await asyncio.sleep(0)


async def test_a_lone_call_is_sent_alone_in_the_next_turn_of_the_loop() -> None:
    server = Server(open=False)
    call = asyncio.create_task(Gatherer(server)(1))
    await turns(3)
    assert server.batches == [[1]]
    server.gate.set()
    assert await call == 2


async def test_each_caller_gets_its_own_result() -> None:
    gather = Gatherer(Server(), max_batch=7)
    assert await asyncio.gather(*(gather(number) for number in range(100))) == [2 * number for number in range(100)]


async def test_callers_of_one_turn_travel_together() -> None:
    server = Server()
    gather = Gatherer(server, max_calls=1)
    await asyncio.gather(*(gather(number) for number in range(10)))
    assert server.batches == [list(range(10))]


async def test_calls_that_come_while_others_are_in_flight_are_sent_as_one() -> None:
    server = Server(open=False)
    gather = Gatherer(server, max_calls=1)
    first = asyncio.create_task(gather(0))
    await turns()
    others = [asyncio.create_task(gather(number)) for number in range(1, 6)]
    await turns()
    server.gate.set()
    await asyncio.gather(first, *others)
    assert server.batches == [[0], [1, 2, 3, 4, 5]]


async def test_a_batch_has_at_most_its_number_of_items() -> None:
    server = Server()
    gather = Gatherer(server, max_batch=4)
    await asyncio.gather(*(gather(number) for number in range(10)))
    assert max(map(len, server.batches)) == 4


async def test_no_more_calls_run_at_a_time_than_allowed() -> None:
    server = Server(open=False)
    gather = Gatherer(server, max_batch=1, max_calls=3)
    calls = [asyncio.create_task(gather(number)) for number in range(20)]
    await turns()
    server.gate.set()
    await asyncio.gather(*calls)
    assert server.most_running == 3


async def test_one_bad_item_fails_alone() -> None:
    gather = Gatherer(Server(), is_one_items_fault=is_value_error)
    answers = await asyncio.gather(*(gather(number) for number in (1, -1, 2)), return_exceptions=True)
    assert [answers[0], answers[2]] == [2, 4]
    assert isinstance(answers[1], ValueError)


async def test_each_of_several_bad_items_fails_alone() -> None:
    gather = Gatherer(Server(), is_one_items_fault=is_value_error)
    answers = await asyncio.gather(*(gather(number) for number in (-1, 1, -2)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ValueError, int, ValueError]


async def test_an_error_that_is_nobodys_fault_reaches_every_caller() -> None:
    gather = Gatherer(Server(), is_one_items_fault=is_value_error)
    answers = await asyncio.gather(*(gather(number) for number in (1, 2000, 2)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ConnectionError] * 3


async def test_an_error_reaches_only_the_callers_of_its_call() -> None:
    gather = Gatherer(Server(), max_batch=1)
    answers = await asyncio.gather(gather(1), gather(2000), return_exceptions=True)
    assert [type(answer) for answer in answers] == [int, ConnectionError]


async def test_a_caller_may_call_again_as_soon_as_it_has_its_answer() -> None:
    gather = Gatherer(Server(), max_calls=1)
    assert [await gather(number) for number in range(5)] == [0, 2, 4, 6, 8]


async def test_as_many_callers_as_calls_may_each_call_again_and_again() -> None:
    gather = Gatherer(Server(), max_calls=2, max_batch=1)

    async def caller(number: int) -> list[int]:
        return [await gather(number) for _ in range(50)]

    assert await asyncio.gather(*(caller(number) for number in range(4))) == [[2 * number] * 50 for number in range(4)]


async def test_it_goes_on_after_an_error() -> None:
    gather = Gatherer(Server(), max_calls=1)
    with pytest.raises(ConnectionError):
        await gather(2000)
    assert await gather(1) == 2


async def test_beyond_the_most_that_may_wait_a_call_is_refused_at_once() -> None:
    server = Server(open=False)
    gather = Gatherer(server, max_calls=1, max_batch=1, max_waiting=2)
    in_flight = asyncio.create_task(gather(0))
    await turns()
    waiting = [asyncio.create_task(gather(number)) for number in (1, 2)]
    await turns()
    with pytest.raises(Overloaded):
        await gather(3)
    server.gate.set()
    assert await asyncio.gather(in_flight, *waiting) == [0, 2, 4]


async def test_a_cancelled_caller_leaves_its_neighbours_alone() -> None:
    server = Server(open=False)
    gather = Gatherer(server, max_calls=1)
    calls = [asyncio.create_task(gather(number)) for number in (1, 2, 3)]
    await turns()
    calls[1].cancel()
    await turns()
    server.gate.set()
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [answers[0], answers[2]] == [2, 6]
    assert isinstance(answers[1], asyncio.CancelledError)


async def test_the_item_of_a_cancelled_caller_is_sent_all_the_same() -> None:
    server = Server(open=False)
    gather = Gatherer(server, max_calls=1)
    first = asyncio.create_task(gather(0))
    await turns()
    second = asyncio.create_task(gather(1))
    await turns()
    second.cancel()
    server.gate.set()
    await first
    await turns()
    assert server.batches == [[0], [1]]


async def test_a_fault_of_one_item_does_not_reach_a_caller_who_has_gone() -> None:
    server = Server(open=False)
    gather = Gatherer(server, max_calls=1, is_one_items_fault=is_value_error)
    calls = [asyncio.create_task(gather(number)) for number in (-1, 1)]
    await turns()
    calls[0].cancel()
    server.gate.set()
    assert await calls[1] == 2


async def test_a_send_that_answers_too_few_results_fails_every_caller() -> None:
    """A fault of ours: nobody may be left waiting for ever."""

    async def send(items: list[int]) -> Sequence[int]:
        return items[1:]

    gather = Gatherer(send, max_calls=1)
    calls = [asyncio.create_task(gather(number)) for number in (1, 2)]
    done, waiting = await asyncio.wait(calls, timeout=1)
    for call in waiting:
        call.cancel()
    assert (len(done), len(waiting)) == (2, 0)
