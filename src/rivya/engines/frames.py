"""What the host and an engine's process say to each other: MessagePack, each frame after its length."""

from __future__ import annotations

from typing import Any

import msgspec

MOST_BYTES = 16 * 1024 * 1024
LENGTH_BYTES = 4


class TooLong(Exception):
    """The frame is longer than a frame may be."""


class Frame(msgspec.Struct, frozen=True, tag=True):
    """One thing said; its type is its tag."""


class Ref(msgspec.Struct, frozen=True):
    kind: str
    path: str
    mime_type: str


class Message(msgspec.Struct, frozen=True):
    role: str
    content: str


class File(msgspec.Struct, frozen=True):
    path: str
    mime_type: str


class MakeFiles(Frame, frozen=True):
    """Host: do this job. Answered by Progress any number of times, then Made, Rejected or Failed."""

    id: str
    out_dir: str
    prompt: str
    params: dict[str, Any]
    references: list[Ref]


class Answer(Frame, frozen=True):
    """Host: answer this chat. Answered by Piece any number of times, then Answered, Rejected or Failed."""

    messages: list[Message]
    max_tokens: int


class StopAnswer(Frame, frozen=True):
    """Host: no further pieces are wanted. The answer still ends with Answered."""


class Ready(Frame, frozen=True):
    """Process: the engine is loaded."""


class Progress(Frame, frozen=True):
    percent: int


class Piece(Frame, frozen=True):
    """Process: this was said; the tokens are those of the answer so far."""

    text: str
    input_tokens: int
    output_tokens: int


class Made(Frame, frozen=True):
    files: list[File]


class Answered(Frame, frozen=True):
    input_tokens: int
    output_tokens: int
    finish_reason: str


class Rejected(Frame, frozen=True):
    """Process: the job cannot be done as asked, for a reason that may be shown to the caller."""

    message: str


class Failed(Frame, frozen=True):
    """Process: the engine could not do it, for a reason that is only for the log."""

    detail: str


ToEngine = MakeFiles | Answer | StopAnswer
FromEngine = Ready | Progress | Piece | Made | Answered | Rejected | Failed

_to_engine: msgspec.msgpack.Decoder[ToEngine] = msgspec.msgpack.Decoder(ToEngine)
_from_engine: msgspec.msgpack.Decoder[FromEngine] = msgspec.msgpack.Decoder(FromEngine)


def encode(frame: Frame) -> bytes:
    """Return the frame with its length in front. Raises TooLong."""
    body = msgspec.msgpack.encode(frame)
    return _checked(len(body)).to_bytes(LENGTH_BYTES, "big") + body


def length(header: bytes) -> int:
    """Return how many bytes follow. Raises TooLong."""
    return _checked(int.from_bytes(header, "big"))


def decode_to_engine(body: bytes) -> ToEngine:
    return _to_engine.decode(body)


def decode_from_engine(body: bytes) -> FromEngine:
    return _from_engine.decode(body)


def _checked(size: int) -> int:
    if size > MOST_BYTES:
        raise TooLong(f"{size} bytes")
    return size
