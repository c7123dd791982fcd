"""Who may send next, as one worker decides it."""

from __future__ import annotations

import random
from collections import Counter, deque

from hypothesis import given
from hypothesis import strategies as st

from rivya.kit.clock import utc_now
from rivya.kit.ids import AccountId
from rivya.webhooks.delivery.lanes import Due
from rivya.webhooks.delivery.turns import TROUBLED, TROUBLED_PLACES, Lane, Turns
from rivya.webhooks.model import DeliveryId, EndpointId, Event, EventId


def lane(name: str, count: int, *, failures: int = 0) -> Lane:
    key = (AccountId("acct"), EndpointId(name))
    event = Event(key[0], EventId("evt"), "webhook.test", None, utc_now())
    ready = deque(Due(DeliveryId(f"{name}.{number}"), key, 0, event, None) for number in range(count))
    return Lane(key, until=0, busy_at=0, ready=ready, failures=failures)


def fill(turns: Turns) -> list[tuple[Lane, Due, bool]]:
    """Begin what there is a place for, as the deliverer does."""
    begun: list[tuple[Lane, Due, bool]] = []
    while (next_lane := turns.next()) is not None:
        due = next_lane.ready.popleft()
        begun.append((next_lane, due, turns.begin(next_lane, due)))
        turns.queue(next_lane)
    return begun


def test_lanes_get_one_place_each_in_turn() -> None:
    turns = Turns(each=8, most=7)
    lanes = [lane("a", 20), lane("b", 20), lane("c", 1)]
    for one in lanes:
        turns.queue(one)
    assert [due.id for _, due, _ in fill(turns)] == ["a.0", "b.0", "c.0", "a.1", "b.1", "a.2", "b.2"]


def test_a_lane_has_no_more_in_hand_than_its_places() -> None:
    turns = Turns(each=3, most=100)
    sound, troubled = lane("a", 20), lane("b", 20, failures=TROUBLED)
    for one in (sound, troubled):
        turns.queue(one)
    fill(turns)
    assert (len(sound.in_hand), len(troubled.in_hand)) == (3, TROUBLED_PLACES)


def test_a_lane_that_recovers_gets_its_places_back() -> None:
    turns = Turns(each=8, most=100)
    one = lane("a", 20, failures=TROUBLED)
    turns.queue(one)
    (_, due, troubled), _ = fill(turns)
    one.failures = 0
    turns.end(one, due, troubled=troubled)
    turns.queue(one)
    fill(turns)
    assert len(one.in_hand) == 8


@given(
    st.lists(st.tuples(st.integers(0, 12), st.sampled_from([0, TROUBLED])), max_size=20),
    st.integers(1, 10),
    st.integers(1, 30),
    st.randoms(),
)
def test_everything_is_sent_once_and_no_bound_is_passed(
    kinds: list[tuple[int, int]], each: int, most: int, chance: random.Random
) -> None:
    turns = Turns(each=each, most=most)
    lanes = [lane(str(number), count, failures=failures) for number, (count, failures) in enumerate(kinds)]
    for one in lanes:
        turns.queue(one)
    sent: Counter[str] = Counter()
    in_hand: list[tuple[Lane, Due, bool]] = []
    while begun := fill(turns) or in_hand:
        in_hand += begun if begun is not in_hand else []
        assert len(in_hand) <= most
        assert sum(troubled for *_, troubled in in_hand) <= max(1, most // 2)
        assert all(len(one.in_hand) <= each for one in lanes)
        ended = in_hand.pop(chance.randrange(len(in_hand)))
        sent[ended[1].id] += 1
        turns.end(ended[0], ended[1], troubled=ended[2])
        turns.queue(ended[0])
    assert sent == {f"{number}.{at}": 1 for number, (count, _) in enumerate(kinds) for at in range(count)}
    assert turns.free == most
