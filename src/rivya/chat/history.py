"""What a model is told of a conversation: as much as fits, in whole messages, the newest always."""

from __future__ import annotations

from collections.abc import Sequence

from rivya.chat.model import Message

_DENSE_BYTES = 3
_FRAME = 8
_IMAGE = 2000


def fitting(history: Sequence[Message], *, room: int) -> Sequence[Message]:
    """Return the newest messages of a history (oldest first) that fit into ``room`` tokens.

    They begin with a user's message: an answer to something that is not there would only confuse. Tokens are counted
    generously, one for three bytes, because a model refuses what does not fit.
    """
    first = len(history)
    while first > 0:
        room -= tokens_of(history[first - 1].content, images=len(history[first - 1].images))
        if room < 0:
            break
        first -= 1
    while first < len(history) and history[first].role != "user":
        first += 1
    return history[first:]


def tokens_of(text: str, *, images: int = 0) -> int:
    """Return how many tokens a message is taken to have when it must fit."""
    return -(-len(text.encode()) // _DENSE_BYTES) + _FRAME + images * _IMAGE
