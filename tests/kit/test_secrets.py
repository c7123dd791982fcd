"""What is sealed opens with its key, for its purpose and its owner, whole; and never otherwise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rivya.kit.secrets import CannotOpen, Sealer

KEY = b"the key of an installation"
OTHER = b"another key altogether"
PURPOSE = "tests"


@given(secret=st.binary(max_size=200), bound_to=st.text(max_size=50))
def test_what_is_sealed_opens_again(secret: bytes, bound_to: str) -> None:
    sealed = Sealer(KEY, purpose=PURPOSE).seal(secret, bound_to=bound_to)
    assert Sealer(KEY, purpose=PURPOSE).open(sealed, bound_to=bound_to) == secret


def test_the_secret_is_not_in_what_is_sealed_and_no_two_are_the_same() -> None:
    sealer = Sealer(KEY, purpose=PURPOSE)
    one, other = (sealer.seal(b"a secret of mine", bound_to="me") for _ in range(2))
    assert one != other
    assert b"secret" not in one


@given(secret=st.binary(max_size=40), where=st.integers(min_value=0), mask=st.integers(min_value=1, max_value=255))
def test_one_changed_byte_anywhere_and_it_does_not_open(secret: bytes, where: int, mask: int) -> None:
    sealer = Sealer(KEY, purpose=PURPOSE, old=OTHER)
    changed = bytearray(sealer.seal(secret, bound_to="me"))
    changed[where % len(changed)] ^= mask
    with pytest.raises(CannotOpen):
        sealer.open(bytes(changed), bound_to="me")


@pytest.mark.parametrize("length", [0, 1, 2, 13, 14, 29])
def test_what_is_too_short_does_not_open(length: int) -> None:
    sealer = Sealer(KEY, purpose=PURPOSE)
    with pytest.raises(CannotOpen):
        sealer.open(sealer.seal(b"", bound_to="me")[:length], bound_to="me")


@pytest.mark.parametrize(
    ("key", "purpose", "bound_to"),
    [(OTHER, PURPOSE, "me"), (KEY, "another purpose", "me"), (KEY, PURPOSE, "somebody else")],
    ids=["another key", "another purpose", "another owner"],
)
def test_what_was_sealed_for_something_else_does_not_open(key: bytes, purpose: str, bound_to: str) -> None:
    sealed = Sealer(KEY, purpose=PURPOSE).seal(b"a secret", bound_to="me")
    with pytest.raises(CannotOpen):
        Sealer(key, purpose=purpose).open(sealed, bound_to=bound_to)


def test_after_a_change_of_keys_the_old_one_opens_and_the_new_one_seals() -> None:
    before, after = Sealer(KEY, purpose=PURPOSE), Sealer(OTHER, purpose=PURPOSE, old=KEY)
    assert after.open(before.seal(b"a secret", bound_to="me"), bound_to="me") == b"a secret"
    sealed = after.seal(b"a secret", bound_to="me")
    assert Sealer(OTHER, purpose=PURPOSE).open(sealed, bound_to="me") == b"a secret"
    with pytest.raises(CannotOpen):
        before.open(sealed, bound_to="me")


def test_two_keys_that_share_their_id_are_both_tried() -> None:
    """An id is one byte, so that among a few hundred keys some share theirs."""
    sealed = Sealer(KEY, purpose=PURPOSE).seal(b"a secret", bound_to="me")
    twin = next(
        key
        for key in (str(number).encode() for number in range(10_000))
        if Sealer(key, purpose=PURPOSE).seal(b"", bound_to="")[1] == sealed[1]
    )
    assert Sealer(twin, purpose=PURPOSE, old=KEY).open(sealed, bound_to="me") == b"a secret"
