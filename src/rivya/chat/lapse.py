"""End the turns whose process died: with what had been written down, or without a trace when that is nothing."""

from __future__ import annotations

import asyncpg
import structlog

from rivya.chat.answer import Answer, ended, have_counted
from rivya.chat.model import lapsed_turn_of
from rivya.chat.schemas import completion_body
from rivya.chat.turns import Turns
from rivya.kit.db import CONNECTION_LOST
from rivya.kit.ids import new_id
from rivya.providers.chat import Usage
from rivya.providers.tokenizers import Tokenizers

log = structlog.get_logger()

_MOST = 100


async def end_lapsed(turns: Turns, tokenizers: Tokenizers) -> int:
    """End at most a hundred turns, of every account, whose lease has lapsed; return how many this call ended."""
    count = 0
    for row in await turns.lapsed(most=_MOST):
        try:
            count += await _end(row, turns, tokenizers)
        except (*CONNECTION_LOST, TimeoutError):
            raise
        except Exception:  # one that cannot be ended must not keep the credits of others
            log.exception("chat.lapsed_turn_left", turn=row["id"])
    return count


async def _end(row: asyncpg.Record, turns: Turns, tokenizers: Tokenizers) -> bool:
    turn, said = lapsed_turn_of(row), _said(row)
    await have_counted(turn, said, tokenizers)
    ending = ended(turn, said, finish="error", failure="lost")
    message_id = new_id("msg") if ending.status != "failed" else None
    body = completion_body(turn, ending, message_id)
    return await turns.end(turn, ending, message_id=message_id, response=body)


def _said(row: asyncpg.Record) -> Answer:
    said = Answer([row["content"]] if row["content"] else [], [row["thoughts"]] if row["thoughts"] else [])
    if row["counted_by"] == "upstream":
        said.usage = Usage(row["input_tokens"], row["output_tokens"])
    return said
