"""How long a task waits before providers that refused for now are asked again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from rivya.queue.jobs import retry_pause_s


@given(some.integers(0, 1_000))
def test_a_pause_is_never_longer_than_the_slowest_with_its_jitter(attempts: int) -> None:
    assert 0 < retry_pause_s(attempts) <= 72


@given(some.integers(0, 4))
def test_pauses_double(attempts: int) -> None:
    assert 0.8 * 2**attempts <= retry_pause_s(attempts) <= 1.2 * 2**attempts
