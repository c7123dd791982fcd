"""What a key looks like."""

from __future__ import annotations

import hashlib
import re

from hypothesis import given
from hypothesis import strategies as some

from rivya.keys.secret import hash_secret, is_well_formed, new_secret, visible_prefix

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def test_a_secret_is_its_prefix_and_49_characters_of_base62() -> None:
    assert re.fullmatch(r"rvya_sk_[0-9A-Za-z]{49}", new_secret())


def test_a_new_secret_is_well_formed() -> None:
    assert all(is_well_formed(new_secret()) for _ in range(200))


def test_two_secrets_differ() -> None:
    assert len({new_secret() for _ in range(1000)}) == 1000


@given(some.integers(0, 56), some.sampled_from(ALPHABET))
def test_a_secret_with_one_other_character_is_not_well_formed(position: int, character: str) -> None:
    secret = new_secret()
    changed = secret[:position] + character + secret[position + 1 :]
    assert is_well_formed(changed) == (changed == secret)


@given(some.integers(8, 55))
def test_a_secret_with_two_neighbours_swapped_is_not_well_formed(position: int) -> None:
    secret = new_secret()
    swapped = secret[:position] + secret[position + 1] + secret[position] + secret[position + 2 :]
    assert is_well_formed(swapped) == (swapped == secret)


@given(some.text())
def test_any_text_is_judged_without_an_error(text: str) -> None:
    assert not is_well_formed(text)
    assert not is_well_formed("rvya_sk_" + text)


@given(some.integers(0, 56))
def test_a_secret_cut_short_is_not_well_formed(length: int) -> None:
    assert not is_well_formed(new_secret()[:length])


def test_what_is_stored_is_the_sha_256_of_the_secret() -> None:
    secret = new_secret()
    assert hash_secret(secret) == hashlib.sha256(secret.encode()).digest()


def test_the_visible_part_is_the_prefix_and_six_characters() -> None:
    secret = new_secret()
    assert visible_prefix(secret) == secret[:14]
