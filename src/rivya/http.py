"""What every HTTP call has in common: a request id, bounded JSON bodies, one error envelope, a caller with a key."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncGenerator
from typing import Any, TypeVar

import msgspec
import structlog
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException, InternalServerException
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from rivya import metrics
from rivya.errors import (
    ApiKeyMissing,
    InternalError,
    MethodNotAllowed,
    NotFound,
    PublicError,
    RateLimited,
    ValidationFailed,
)
from rivya.keys import service as keys
from rivya.keys.caller import Caller
from rivya.keys.last_use import LastUses
from rivya.keys.model import Key
from rivya.keys.rates import Rate, RateLimits
from rivya.kit.batch import Overloaded
from rivya.kit.draining import drain
from rivya.kit.ids import new_id
from rivya.kit.pages import BadPage, Page, page
from rivya.kit.tracing import Span, set_on_current, span
from rivya.methods import allowed_methods
from rivya.operation import Operation

log = structlog.get_logger()

Call = Request[Any, Any, State]
Body = TypeVar("Body")

MAX_JSON_BYTES = 1024 * 1024
MOST_WAIT_S = 60
_MOST_NAME = 100
_REQUEST_ID = "rivya_request_id"
_RATE = "rivya_rate"
_IDEMPOTENCY_KEY = re.compile(r"^[\x21-\x7e\x20]{1,255}$")
_FIELD = re.compile(r" - at `\$\.?(.*)`$")


class _Error(msgspec.Struct, omit_defaults=True):
    code: str
    message: str
    requestId: str  # noqa: N815 - the contract's one camelCase field
    param: str | None = None


class _Envelope(msgspec.Struct):
    error: _Error


class RequestIds:
    """Gives every request an id: in the answer's ``X-Request-Id`` and in every log line of the request.

    The outermost layer, so that what the router itself refuses has one too. It also tells each caller that was
    recognised how it stands with its rate limits, whatever the answer is.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = new_id("req")
        scope.setdefault("state", {})[_REQUEST_ID] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        began = time.perf_counter()
        status = 0
        answered_s = 0.0

        async def send_with_id(message: Message) -> None:
            nonlocal status, answered_s
            if message["type"] == "http.response.start":
                status = message["status"]
                answered_s = time.perf_counter() - began
                rate: Rate | None = scope["state"].get(_RATE)
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", request_id.encode()),
                    *(_rate_headers(rate) if rate is not None else ()),
                ]
            await send(message)

        metrics.HTTP_OPEN.inc()
        method = scope["method"]
        tracing = span(method, kind="server", of=request_id, http__request__method=method, rivya__request=request_id)
        try:
            with tracing as traced:
                await self._app(scope, receive, send_with_id)
                _name(traced, method, scope.get("path_template", ""), status)
        finally:
            metrics.HTTP_OPEN.dec()
            if status:
                metrics.count_request(method, scope.get("path_template", ""), status, answered_s)
            log.info(
                "http.request",
                method=method,
                path=scope["path"],
                status=status,
                ms=round((time.perf_counter() - began) * 1000, 1),
            )


def _name(traced: Span, method: str, template: str, status: int) -> None:
    traced.name(f"{method} {template}" if template else method)
    traced.set(http__route=template or None, http__response__status_code=status)
    if status >= 500:  # what the caller did wrong is no failure of the server's: OpenTelemetry's rule
        traced.failed(str(status))


async def read_json(request: Call, shape: type[Body]) -> Body:
    """Return the body as ``shape``. Raises ValidationFailed, before reading it whole when it is too large."""
    body = await read_body(request)
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        raise invalid(error) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValidationFailed("The body must be a JSON object in UTF-8.") from error


async def read_body(request: Call) -> bytes:
    """Return the body as it came. Raises ValidationFailed, before reading it whole when it is too large for JSON."""
    chunks: list[bytes] = []
    size = 0
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > MAX_JSON_BYTES:
        # Who waits for "100 Continue" sends nothing more, and to read would tell it to go on.
        if "expect" not in request.headers:
            await drain(request.receive)
        raise _too_large()
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > MAX_JSON_BYTES:
                await drain(request.receive)
                raise _too_large()
            chunks.append(chunk)
    except InternalServerException as error:  # the framework's word for a client that went away
        raise ValidationFailed("The body ended before it was whole.") from error
    return b"".join(chunks)


async def body_chunks(request: Call) -> AsyncGenerator[bytes]:
    """Yield the body as it arrives. Raises ValidationFailed when it ends before it is whole."""
    try:
        async for chunk in request.stream():
            if chunk:
                yield chunk
    except InternalServerException as error:  # the framework's word for a client that went away
        raise ValidationFailed("The body ended before it was whole.") from error


def invalid(error: msgspec.ValidationError) -> ValidationFailed:
    """Return msgspec's complaint as ours, with the field's path as ``param``."""
    text = str(error)
    path = _FIELD.search(text)
    message = _FIELD.sub("", text).replace("Object contains", "The body contains")
    param = path.group(1).removesuffix("[...]") if path else None  # msgspec's word for a value of some key
    if unknown := re.search(r"field `(.*)`", text):
        name = unknown.group(1)
        if len(name) > _MOST_NAME:
            message = message.replace(name, f"{name[:_MOST_NAME]}...")
        param = f"{param}.{name[:_MOST_NAME]}" if param else name[:_MOST_NAME]
    return ValidationFailed(f"{message}.", param=param or None)


def idempotency_key(request: Call) -> str | None:
    """Return the Idempotency-Key header. Raises ValidationFailed when it is not 1 to 255 printable characters."""
    key = request.headers.get("idempotency-key")
    if key is not None and not _IDEMPOTENCY_KEY.match(key):
        raise ValidationFailed("Idempotency-Key must be 1 to 255 printable ASCII characters.", param="Idempotency-Key")
    return key


def prefer_wait(request: Call) -> int | None:
    """Return the N of ``Prefer: wait=N`` (RFC 7240). Raises ValidationFailed unless it is 1 to 60.

    Other preferences are left aside, as that document asks.
    """
    for preference in request.headers.get("prefer", "").split(","):
        name, _, value = preference.split(";")[0].partition("=")
        if name.strip().lower() == "wait":
            seconds = value.strip().strip('"')
            if not seconds.isascii() or not seconds.isdigit() or not 1 <= int(seconds[:9]) <= MOST_WAIT_S:
                raise ValidationFailed(f"Prefer: wait must be 1 to {MOST_WAIT_S} seconds.", param="Prefer")
            return int(seconds)
    return None


def asked_page(request: Call, *, of: str) -> Page:
    """Return the page that the query asks for, of the list ``of`` (see kit/pages). Raises ValidationFailed."""
    query = request.query_params
    try:
        return page(query.get("limit"), query.get("cursor"), of=of)
    except BadPage as error:
        raise ValidationFailed(str(error), param=error.param) from error


async def caller(request: Call) -> Key:
    """Return the key that the call was made with, which holds the scope of the route's operation.

    Counts the call. Raises ApiKeyMissing, what authentication raises, RateLimited, or ApiScopeDenied.
    """
    operation: Operation = request.route_handler.opt["operation"]
    state = request.app.state
    key = await keys.authenticate(state.key_cache, secret=_secret(request))
    structlog.contextvars.bind_contextvars(account=key.account, key=key.id)
    set_on_current(rivya__account=key.account, rivya__key=key.id)
    last_uses: LastUses = state.last_uses
    last_uses.note(key)
    await count_call(request, key)
    keys.check_scope(key, operation.scope)
    return key


async def count_call(request: Call, who: Caller) -> None:
    """Count the call in its caller's requests a minute; the answer tells how they stand. Raises RateLimited."""
    rates: RateLimits = request.app.state.rates
    rate = request.scope["state"][_RATE] = await rates.admit(who)
    if not rate.allowed:
        raise RateLimited(
            f"This {'API key' if rate.of == 'key' else 'account'} may send {rate.limit} requests in any 60 seconds.",
            retry_after_s=rate.reset_s,
        )


def bearer(request: Call) -> str | None:
    """Return the bearer token that was sent, which may be empty (RFC 6750); None if there is none."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


def _secret(request: Call) -> str:
    if not (secret := bearer(request)):
        raise ApiKeyMissing
    return secret


def json_response(body: bytes, *, status: int = 200, headers: dict[str, str] | None = None) -> Response[bytes]:
    """Return an answer whose body is JSON already."""
    return Response(body, status_code=status, media_type="application/json", headers=headers or {})


def _rate_headers(rate: Rate) -> list[tuple[bytes, bytes]]:
    return [
        (b"x-ratelimit-limit", b"%d" % rate.limit),
        (b"x-ratelimit-remaining", b"%d" % rate.remaining),
        (b"x-ratelimit-reset", b"%d" % rate.reset_s),
    ]


def envelope(scope: Scope, error: PublicError) -> bytes:
    """Return the error envelope."""
    request_id: str = scope["state"].get(_REQUEST_ID, "")
    return msgspec.json.encode(_Envelope(_Error(error.code, error.message, request_id, error.param)))


def answer_public_error(request: Call, error: PublicError) -> Response[bytes]:
    """Answer with the error envelope."""
    headers = {"Retry-After": str(error.retry_after_s)} if error.retry_after_s is not None else {}
    return json_response(envelope(request.scope, error), status=error.status, headers=headers)


def answer_framework_error(request: Call, error: HTTPException) -> Response[bytes]:
    """Answer what the framework refused in the words of our table."""
    match error.status_code:
        case 404:
            return answer_no_such_path(request, error)
        case 405:
            answer = answer_public_error(request, MethodNotAllowed())
            answer.headers["Allow"] = ", ".join(sorted(allowed_methods(request.app, request.scope["path"])))
            return answer
        case status if status < 500:
            return answer_public_error(request, ValidationFailed())
        case _:
            return answer_unexpected(request, error)


def answer_no_such_path(request: Call, _error: Exception) -> Response[bytes]:
    """Answer ``not_found``: for what the file system will not have as a name (too long, with a NUL)."""
    return answer_public_error(request, NotFound("There is nothing at this path."))


def answer_overloaded(request: Call, _error: Overloaded) -> Response[bytes]:
    """Answer ``rate_limited``: more calls wait for the database than this process will hold."""
    return answer_public_error(request, RateLimited("This service is busy. Try again in a moment.", retry_after_s=1))


def answer_unexpected(request: Call, error: Exception) -> Response[bytes]:
    """Answer ``internal_error`` and log what happened, by the request's id."""
    log.error("http.unexpected", path=request.scope["path"], exc_info=error)
    return answer_public_error(request, InternalError())


def _too_large() -> ValidationFailed:
    return ValidationFailed(f"The body must be at most {MAX_JSON_BYTES} bytes.")
