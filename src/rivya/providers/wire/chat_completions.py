"""Chat completions as a stream, the protocol that OpenAI began and most others speak: what is sent, what comes back.

Pure: bytes in, pieces of the answer out. Sources: OpenAI's reference of chat completions (``stream_options``); the
reasoning fields are those of DeepSeek, vLLM and llama.cpp (``reasoning_content``) and of OpenRouter (``reasoning``);
thoughts as a part of the content are Mistral's.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import msgspec

from rivya.providers.chat import ChatFailed, Delta, FinishReason, Question, Said, Usage
from rivya.providers.wire.chat_failures import UNREADABLE, Error, refusal, unlike

MOST_LINE_BYTES = 1024 * 1024
_MOST_TOKENS = 1_000_000_000
_DONE = b"[DONE]"
_FIELD = b"data: "
_BETWEEN_EVENTS = b"\n\n"
_LAST_EVENT = _BETWEEN_EVENTS + _FIELD + _DONE


class _Part(msgspec.Struct, gc=False):
    text: str | None = None
    thinking: list[_Part] | str | None = None


class _Delta(msgspec.Struct, gc=False):
    content: str | list[_Part] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Choice(msgspec.Struct, gc=False):
    delta: _Delta | None = None
    message: _Delta | None = None
    finish_reason: str | None = None


class _Usage(msgspec.Struct, gc=False):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Chunk(msgspec.Struct, gc=False):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: Error | str | None = None


_Piece = tuple[str, str]
"""Content and thoughts."""

_decode = msgspec.json.Decoder(_Chunk).decode
_decode_all = msgspec.json.Decoder(list[_Chunk]).decode


def request_body(
    question: Question,
    extra: Mapping[str, object],
    *,
    max_tokens_field: str = "max_tokens",
    asks_for_usage: bool = True,
) -> bytes:
    """Return the body to send; ``extra`` are fields that the operator's file adds for this provider."""
    body: dict[str, object] = {
        "model": question.target,
        "messages": [_message(said) for said in question.messages],
        max_tokens_field: question.max_tokens,
        "stream": True,
    }
    if asks_for_usage:
        body["stream_options"] = {"include_usage": True}
    if question.reasoning_effort is not None:
        body["reasoning_effort"] = question.reasoning_effort
    return msgspec.json.encode({**body, **extra})


class ReplyReader:
    """Reads one answer from the bytes of a ``text/event-stream``, however they were cut on the way."""

    def __init__(self) -> None:
        self._rest = b""
        self._input_tokens = 0
        self._output_tokens = 0
        """For all that was said so far; 0 where that was not counted."""
        self.finish_reason: FinishReason | None = None
        self.done = False
        """The answer has ended: nothing that follows is of it."""
        self.failure: ChatFailed | None = None
        """What went wrong after what was returned last."""
        self.together = 0
        """How many chunks came with what was fed last."""

    @property
    def usage(self) -> Usage | None:
        """What was used for all that was said so far; None where the upstream has not counted that, or not yet.

        Many send zeros, or nothing, with their pieces and count at the end alone; some send never more than that.
        """
        output_tokens = _tokens(self._output_tokens)
        return Usage(_tokens(self._input_tokens), output_tokens) if output_tokens else None

    def feed(self, data: bytes) -> list[Delta]:
        """Return what ``data`` completes, as few pieces as will do: what came together is told together.

        ``failure`` is set by an error, a line that is too long or is no piece.
        """
        self.together = data.count(_FIELD)
        found: list[_Piece] = []
        try:
            for chunk in self._chunks(self._rest + data if self._rest else data):
                self._take(chunk, found)
            if len(self._rest) > MOST_LINE_BYTES:
                raise ChatFailed("unavailable", f"a line of more than {MOST_LINE_BYTES} bytes")
        except ChatFailed as failure:
            self.failure = failure
        return _together(found)

    def end(self) -> None:
        """Say that no more bytes come. Raises ChatFailed if the answer has not ended."""
        if not self.done and self.finish_reason is None:
            raise ChatFailed("unavailable", "the stream ended before the answer did")

    def whole(self, data: bytes) -> list[Delta]:
        """Return an answer that came in one piece, from an upstream that does not stream. Raises ChatFailed."""
        found: list[_Piece] = []
        self._take(_chunk(data), found)
        self.done = True
        return _together(found)

    def _chunks(self, data: bytes) -> Iterable[_Chunk]:
        """Return the chunks of the lines that are whole, and keep the rest."""
        if self.done:
            return ()
        events, between, rest = data.rpartition(_BETWEEN_EVENTS)
        if between and (chunks := _plain(events.removesuffix(_LAST_EVENT))) is not None:
            self.done = events.endswith(_LAST_EVENT)
            self._rest = rest
            return chunks
        *lines, self._rest = data.split(b"\n")
        payloads = [line[5:] for line in lines if line.startswith(b"data:")]
        if _DONE in data and (end := _end_of(payloads)) is not None:
            self.done = True
            payloads = payloads[:end]
        return map(_chunk, payloads)

    def _take(self, chunk: _Chunk, found: list[_Piece]) -> None:
        if chunk.error is not None:
            raise refusal(chunk.error)
        if chunk.choices:
            choice = chunk.choices[0]
            piece = choice.delta or choice.message
            if piece is not None:
                content, thoughts = piece.content or "", piece.reasoning_content or piece.reasoning or ""
                if not isinstance(content, str):
                    content, thoughts = _text(content), thoughts + "".join([_text(part.thinking) for part in content])
                if content or thoughts:
                    found.append((content, thoughts))
                    self._output_tokens = 0
            if choice.finish_reason:  # Ollama and SGLang once had "" with every piece
                self.finish_reason = _finish(choice.finish_reason)
        if chunk.usage is not None:
            self._input_tokens = chunk.usage.prompt_tokens or self._input_tokens
            self._output_tokens = chunk.usage.completion_tokens or self._output_tokens


def _text(content: Sequence[_Part] | str | None) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return "".join([part.text or "" for part in content])


def _tokens(told: int) -> int:
    """Return the count, within what can be: it is the upstream's word, and goes into the books."""
    return min(max(0, told), _MOST_TOKENS)


def _end_of(payloads: Sequence[bytes]) -> int | None:
    return next((number for number, payload in enumerate(payloads) if payload.strip() == _DONE), None)


def _plain(events: bytes) -> Sequence[_Chunk] | None:
    """Return the chunks of events that are a line of data each, decoded in one call; None if they are not.

    Nearly all are. A string in JSON has no line breaks, so what stands between two events stands inside of none.
    """
    if not events.startswith(_FIELD):
        return None
    try:
        chunks = _decode_all(b"[%b]" % events.removeprefix(_FIELD).replace(_BETWEEN_EVENTS + _FIELD, b","))
    except UNREADABLE:
        return None
    return chunks if len(chunks) == events.count(_BETWEEN_EVENTS + _FIELD) + 1 else None


def _chunk(payload: bytes) -> _Chunk:
    try:
        return _decode(payload)
    except UNREADABLE as error:
        raise ChatFailed("unavailable", f"no piece of an answer, {unlike(error)}, {len(payload)} bytes") from None


def _together(pieces: Sequence[_Piece]) -> list[Delta]:
    """Return the same texts in the same order, neighbours of one kind as one."""
    if len(pieces) < 2:
        return [Delta(*piece) for piece in pieces]
    content, thoughts = map("".join, zip(*pieces, strict=True))
    if not content or not thoughts:
        return [Delta(content, thoughts)]
    runs = groupby(pieces, key=lambda piece: (bool(piece[0]), bool(piece[1])))
    return [Delta(*map("".join, zip(*run, strict=True))) for _, run in runs]


def _message(said: Said) -> dict[str, object]:
    if not said.images:
        return {"role": said.role, "content": said.content}
    parts: list[dict[str, object]] = [{"type": "text", "text": said.content}]
    for image in said.images:
        data = base64.b64encode(image.content).decode()
        parts.append({"type": "image_url", "image_url": {"url": f"data:{image.mime_type};base64,{data}"}})
    return {"role": said.role, "content": parts}


def _finish(reason: str) -> FinishReason:
    match reason:
        case "length" | "max_tokens":
            return "length"
        case "content_filter":
            return "content_filter"
        case _:
            return "stop"
