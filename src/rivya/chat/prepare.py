"""Check a turn and price it: everything that can be said no to, before anything is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rivya.catalog.model import ChatCapabilities, Model
from rivya.chat.answer import Way
from rivya.chat.history import fitting, tokens_of
from rivya.chat.images import Images
from rivya.chat.model import Session, SessionId, StoredImage, Turn, TurnId
from rivya.chat.schemas import CreateCompletion
from rivya.chat.sessions import Sessions
from rivya.chat.tokens import estimated_input, most_input, price_of
from rivya.chat.turns import Beginning
from rivya.errors import (
    ChatAttachmentNotSupported,
    ChatModelNotSupported,
    ChatSessionConflict,
    ModelNotAvailable,
    ValidationFailed,
)
from rivya.keys.caller import Caller, Source, source_of
from rivya.kit.clock import utc_now
from rivya.kit.ids import new_id
from rivya.providers.chat import ChatProvider, Question, Said
from rivya.providers.routing import Routing

MOST_MESSAGE = 20_000
MOST_ATTACHMENTS = 8
_MOST_TRACE = 128
_MOST_TITLE = 80


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that was checked as far as it can be without its session."""

    request: CreateCompletion
    model: Model
    chat: ChatCapabilities
    ways: Sequence[Way]
    images: Sequence[StoredImage]
    caller: Caller
    route: str
    idempotency_key: str | None
    fingerprint: bytes
    streamed: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """A priced turn, and what its model is to be asked."""

    beginning: Beginning
    question: Question
    images: Mapping[int, Sequence[StoredImage]]
    """The pictures of the question's messages, by their place in it: read when the model is asked."""


class Preparer:
    """Turns calls into turns that may begin."""

    def __init__(
        self,
        *,
        models: Mapping[str, Model],
        routing: Routing,
        providers: Mapping[str, ChatProvider],
        sessions: Sessions,
        images: Images,
    ) -> None:
        self._models = models
        self._routing = routing
        self._providers = providers
        self._sessions = sessions
        self._images = images

    async def check(
        self,
        request: CreateCompletion,
        *,
        caller: Caller,
        route: str,
        idempotency_key: str | None,
        fingerprint: bytes,
        streamed: bool,
    ) -> Asked:
        """Check everything but the session.

        Raises ChatModelNotSupported, ModelNotAvailable, ValidationFailed, NotFound or ChatAttachmentNotSupported.
        """
        model = self._models.get(request.model)
        if model is None or model.chat is None:
            raise ChatModelNotSupported(f"There is no chat model {request.model[:100]!r}.", param="model")
        check_message(request, model)
        check_options(request, model.chat, model.id)
        if request.attachments and not model.chat.image_attachments:
            raise ChatAttachmentNotSupported(f"{model.id} takes no attachments.", param="attachments")
        if len(request.attachments) > MOST_ATTACHMENTS:
            raise ValidationFailed(f"attachments must hold at most {MOST_ATTACHMENTS} files.", param="attachments")
        images = await self._images.of(caller.account, [one.file_id for one in request.attachments])
        ways = self._ways(model, source_of(caller))
        if request.enable_web_search and not (ways := [way for way in ways if way.provider.searches_web]):
            raise ValidationFailed(f"{model.id} cannot search the web here.", param="enable_web_search")
        return Asked(request, model, model.chat, ways, images, caller, route, idempotency_key, fingerprint, streamed)

    async def prepare(self, asked: Asked) -> Prepared:
        """Price the turn as its session stands now. Raises ChatSessionConflict."""
        request, model = asked.request, asked.model
        session = await self._session(asked) if request.session_id is not None else None
        room = asked.chat.context_window - asked.chat.max_output_tokens
        room -= tokens_of(asked.chat.system or "") + tokens_of(request.message, images=len(asked.images))
        earlier = await self._sessions.newest(session, asked.caller.account) if session is not None else ()
        history = fitting(earlier, room=room)
        said = [Said("system", asked.chat.system)] if asked.chat.system else []
        said += [Said(message.role, message.content) for message in history] + [Said("user", request.message)]
        pictures = {len(said) - 1 - n: m.images for n, m in enumerate(reversed(history), 1) if m.images}
        pictures[len(said) - 1] = asked.images
        texts, count = [one.content for one in said], sum(len(images) for images in pictures.values())
        price = price_of(model)
        turn = Turn(
            id=TurnId(new_id("chatcmpl")),
            account=asked.caller.account,
            session=session.id if session is not None else SessionId(new_id("chat")),
            model=model.id,
            price=price,
            reserved_credits=price.credits(
                input_tokens=min(most_input(texts, images=count), asked.chat.context_window),
                output_tokens=asked.chat.max_output_tokens,
            ),
            input_tokens=estimated_input(texts, images=count),
            streamed=asked.streamed,
            created_at=utc_now(),
        )
        return Prepared(self._beginning(asked, turn, session), _question(asked, turn, said), pictures)

    def _beginning(self, asked: Asked, turn: Turn, session: Session | None) -> Beginning:
        return Beginning(
            turn=turn,
            expected=session.message_count if session is not None else None,
            caller=asked.caller,
            message_id=new_id("msg"),
            content=asked.request.message,
            images=asked.images,
            title=title_of(asked.request.message),
            route=asked.route,
            idempotency_key=asked.idempotency_key,
            fingerprint=asked.fingerprint,
            client_request_id=asked.request.client_request_id,
        )

    async def _session(self, asked: Asked) -> Session:
        source = source_of(asked.caller)
        found = await self._sessions.find(asked.caller.account, asked.request.session_id or "", source=source)
        if found is None or found.model != asked.model.id:
            raise no_session(asked.model.id, source)
        if found.busy:
            raise busy()
        return found

    def _ways(self, model: Model, source: Source) -> Sequence[Way]:
        ways = [
            Way(self._providers[route.provider], route.target)
            for route in self._routing.of(model.id)
            if route.provider in self._providers and self._providers[route.provider].serves(route.target)
        ]
        if not ways or (model.studio_only and source != "studio"):
            raise ModelNotAvailable(f"{model.id} cannot be called on this installation right now.")
        return ways


def check_message(request: CreateCompletion, model: Model) -> None:
    """Raise ValidationFailed unless message and trace are what they may be."""
    most = min(MOST_MESSAGE, model.max_prompt_length or MOST_MESSAGE)
    if not request.message.strip():
        raise ValidationFailed("message must not be empty.", param="message")
    if len(request.message) > most:
        raise ValidationFailed(
            f"message has {len(request.message)} characters; at most {most} are accepted.", param="message"
        )
    if "\x00" in request.message:
        raise ValidationFailed("message must not contain NUL characters.", param="message")
    trace = request.client_request_id
    if trace is not None and (len(trace) > _MOST_TRACE or "\x00" in trace):
        raise ValidationFailed(
            f"client_request_id must be at most {_MOST_TRACE} characters.", param="client_request_id"
        )


def check_options(request: CreateCompletion, chat: ChatCapabilities, model: str) -> None:
    """Raise ValidationFailed for an option that is not left at its default and that the model does not have."""
    if request.enable_web_search and not chat.web_search:
        raise ValidationFailed(f"{model} cannot search the web.", param="enable_web_search")
    if request.thinking and not chat.thoughts:
        raise ValidationFailed(f"{model} does not show its thoughts.", param="thinking")
    effort = request.reasoning_effort
    if effort != "default" and effort not in chat.reasoning_efforts:
        accepted = ", ".join(("default", *chat.reasoning_efforts))
        raise ValidationFailed(f"reasoning_effort of {model} must be one of {accepted}.", param="reasoning_effort")


def no_session(model: str, source: Source) -> ChatSessionConflict:
    """Return the error for a session that is missing, another account's, another model's or another door's."""
    door = "through the API" if source == "api" else "in the Studio"
    return ChatSessionConflict(
        f"session_id must be a session of this account that was begun {door} with {model}.", param="session_id"
    )


def busy() -> ChatSessionConflict:
    """Return the error for a session in which a turn is under way."""
    return ChatSessionConflict("Another turn is under way in this session.", param="session_id", retry_after_s=1)


def title_of(message: str) -> str:
    """Return a title for a session that begins with this message."""
    words = " ".join(message.split())
    return words if len(words) <= _MOST_TITLE else f"{words[: _MOST_TITLE - 1].rstrip()}…"


def _question(asked: Asked, turn: Turn, said: Sequence[Said]) -> Question:
    request = asked.request
    return Question(
        id=turn.id,
        target="",
        messages=said,
        max_tokens=asked.chat.max_output_tokens,
        reasoning_effort=request.reasoning_effort if request.reasoning_effort != "default" else None,
        thinking=request.thinking,
        shows_thoughts=asked.chat.thoughts and request.thinking is not False,
        web_search=request.enable_web_search,
    )
