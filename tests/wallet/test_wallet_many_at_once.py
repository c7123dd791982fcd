"""Array calls: each row has its own outcome, in the order asked."""

from __future__ import annotations

from rivya.errors import InsufficientCredits, NotFound
from rivya.kit.db import Pool
from rivya.kit.ids import AccountId
from rivya.wallet import service as wallet
from rivya.wallet.model import Balance, Ending, Reservation
from rivya.wallet.service import End, Reserve
from tests.factories import make_account


async def test_mixed_reserves_answer_in_the_order_asked(db: Pool) -> None:
    b = await make_account(db, id="acct_b", credits=10)
    a = await make_account(db, id="acct_a", credits=5)
    answers = await wallet.reserve_many(
        db,
        [
            Reserve(b, "task_1", 4),
            Reserve(a, "task_2", 6),
            Reserve(AccountId("acct_0"), "task_3", 1),
            Reserve(b, "task_1", 4),
            Reserve(a, "task_4", 5),
            Reserve(b, "task_5", 6),
        ],
    )
    assert [type(answer) for answer in answers] == [
        Reservation,
        InsufficientCredits,
        NotFound,
        Reservation,
        Reservation,
        Reservation,
    ]
    assert [answers[0], answers[3], answers[4], answers[5]] == [
        Reservation("reserved", credits=4, available=6),
        Reservation("exists", credits=4, available=6),
        Reservation("reserved", credits=5, available=0),
        Reservation("reserved", credits=6, available=0),
    ]


async def test_reserves_of_one_account_draw_in_the_order_asked(db: Pool) -> None:
    account = await make_account(db, credits=5)
    answers = await wallet.reserve_many(
        db, [Reserve(account, "task_9", 3), Reserve(account, "task_1", 3), Reserve(account, "task_5", 2)]
    )
    assert [type(answer) for answer in answers] == [Reservation, InsufficientCredits, Reservation]


async def test_one_refused_reserve_does_not_undo_its_neighbours(db: Pool) -> None:
    rich, poor = await make_account(db, credits=10), await make_account(db)
    await wallet.reserve_many(db, [Reserve(poor, "task_1", 1), Reserve(rich, "task_2", 4)])
    assert await wallet.balance(db, account=rich) == Balance(available=6, reserved=4)


async def test_mixed_endings_answer_in_the_order_asked(db: Pool) -> None:
    b = await make_account(db, id="acct_b", credits=10)
    a = await make_account(db, id="acct_a", credits=10)
    await wallet.reserve_many(db, [Reserve(b, "task_1", 4), Reserve(a, "task_2", 6), Reserve(a, "task_3", 2)])
    answers = await wallet.end_many(
        db,
        [
            End(b, "task_1", 3),
            End(a, "task_3", 0, release=True),
            End(a, "task_x", 1),
            End(a, "task_2", 6),
            End(b, "task_1", 0, release=True),
        ],
    )
    assert answers == [
        Ending("settled", settled=3, returned=1),
        Ending("released", settled=0, returned=2),
        Ending("missing", settled=0, returned=0),
        Ending("settled", settled=6, returned=0),
        Ending("already_settled", settled=3, returned=1),
    ]


async def test_the_first_of_two_endings_in_one_call_wins(db: Pool) -> None:
    account = await make_account(db, credits=10)
    await wallet.reserve(db, account=account, credits=4, reason="task_1")
    answers = await wallet.end_many(db, [End(account, "task_1", 0, release=True), End(account, "task_1", 4)])
    assert [answer.outcome for answer in answers] == ["released", "already_released"]


async def test_no_rows_have_no_answers(db: Pool) -> None:
    assert await wallet.reserve_many(db, []) == []
    assert await wallet.end_many(db, []) == []


async def test_a_thousand_rows_are_one_call(db: Pool) -> None:
    account = await make_account(db, credits=1000)
    answers = await wallet.reserve_many(db, [Reserve(account, f"task_{n}", 1) for n in range(1000)])
    assert [answer.available for answer in answers if isinstance(answer, Reservation)] == list(range(999, -1, -1))
