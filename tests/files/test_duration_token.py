"""Duration tokens: bound to the account, the file and the measurement."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rivya.errors import ValidationFailed
from rivya.files.duration_token import DurationTokens
from rivya.files.model import FileId
from rivya.kit.ids import AccountId

TOKENS = DurationTokens(b"a key")
MINE, OTHERS = AccountId("acct_1"), AccountId("acct_2")
FILE = FileId("file_1")
EXPIRES = datetime(2030, 1, 1, tzinfo=UTC)
TOKEN = TOKENS.make(account=MINE, file=FILE, duration_s=12.345, expires_at=EXPIRES)
BEFORE = EXPIRES.timestamp() - 1


def test_a_token_vouches_for_its_duration() -> None:
    assert TOKENS.check(TOKEN, account=MINE, file=FILE, now=BEFORE) == 12.345


def test_a_token_is_the_same_at_each_read() -> None:
    assert TOKENS.make(account=MINE, file=FILE, duration_s=12.345, expires_at=EXPIRES) == TOKEN


def test_a_token_dies_with_its_file() -> None:
    with pytest.raises(ValidationFailed, match="expired"):
        TOKENS.check(TOKEN, account=MINE, file=FILE, now=BEFORE + 1)


@pytest.mark.parametrize(
    ("token", "account", "file"),
    [
        (TOKEN, OTHERS, FILE),
        (TOKEN, MINE, FileId("file_2")),
        (TOKEN.replace("_12345_", "_1000_"), MINE, FILE),
        (TOKEN.replace(str(int(EXPIRES.timestamp())), "99999999999"), MINE, FILE),
        (TOKEN[:-1] + "A", MINE, FILE),
        (DurationTokens(b"another").make(account=MINE, file=FILE, duration_s=12.345, expires_at=EXPIRES), MINE, FILE),
        ("", MINE, FILE),
        ("rvdt_", MINE, FILE),
        ("x" * 10_000, MINE, FILE),
        (TOKEN + "\n", MINE, FILE),
        (TOKEN.replace("1", "\u0661"), MINE, FILE),
        ("\ud800", MINE, FILE),
    ],
)
def test_a_wrong_or_foreign_token_is_refused(token: str, account: AccountId, file: FileId) -> None:
    with pytest.raises(ValidationFailed) as refused:
        TOKENS.check(token, account=account, file=file, param="here", now=BEFORE)
    assert refused.value.param == "here"
