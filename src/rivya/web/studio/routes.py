"""What the Studio's scripts call: the API's verbs, for who is signed in. Never below /api/v1."""

from __future__ import annotations

import msgspec
from litestar import Response, get, post
from litestar.types import ASGIApp

from rivya.errors import RateLimited, ValidationFailed
from rivya.files.form import Incoming
from rivya.files.schemas import FileObject
from rivya.files.service import Files
from rivya.generations.schemas import CreateGeneration, task_object
from rivya.generations.service import Generations
from rivya.generations.stream import TaskStream
from rivya.http import Call, body_chunks, idempotency_key, json_response, read_json
from rivya.kit.draining import Draining
from rivya.kit.ids import TaskId
from rivya.web.studio.person import reader, writer
from rivya.web.studio.quotes import quote
from rivya.web.studio.references import given

_encode = msgspec.json.Encoder().encode


@post("/generations", status_code=202)
async def create(request: Call) -> Response[bytes]:
    """Start a generation; the same Idempotency-Key starts it once."""
    who = await writer(request)
    wanted = await read_json(request, CreateGeneration)
    answer = await _service(request).create(wanted, caller=who, idempotency_key=idempotency_key(request))
    headers = {"Idempotent-Replayed": "true"} if answer.replayed else {}
    return json_response(answer.body, status=202, headers=headers)


@post("/estimate", status_code=200)
async def estimate(request: Call) -> Response[bytes]:
    """Return what a form would set aside as it stands, and what the wallet holds."""
    who = await writer(request)
    wanted = await read_json(request, CreateGeneration)
    state = request.app.state
    model = state.models.get(wanted.model)
    if model is None or not model.is_async:
        raise ValidationFailed(f"There is no model {wanted.model[:100]!r} for generations.", param="model")
    found = await quote(_service(request), state.pool, wanted, model=model, account=who.account)
    return json_response(_encode(found))


@get("/generations/{task_id:str}")
async def read(request: Call, task_id: str) -> Response[bytes]:
    """Return a task as it stands."""
    who = await reader(request)
    task = await _service(request).read(account=who.account, task=TaskId(task_id))
    return json_response(_encode(task_object(task, request.app.state.links.sign)))


@get("/generations/{task_id:str}/events")
async def events(request: Call, task_id: str) -> ASGIApp:
    """Return a task as a stream until it has ended."""
    who = await reader(request)
    service, state = _service(request), request.app.state
    task = await service.read(account=who.account, task=TaskId(task_id))
    if not service.changes.has_room(who.account):
        raise RateLimited("Too many generations are being followed. Try again in a moment.", retry_after_s=5)
    return TaskStream(service.changes, who.account, task.id, state.links.sign, until=state.stopping)


@post("/generations/{task_id:str}/cancel", status_code=200)
async def cancel(request: Call, task_id: str) -> Response[bytes]:
    """Cancel a task, as far as that can be done."""
    who = await writer(request)
    task = await _service(request).cancel(account=who.account, task=TaskId(task_id))
    return json_response(_encode(task_object(task, request.app.state.links.sign)))


@post("/files", status_code=201, request_max_body_size=None, middleware=[Draining])
async def upload(request: Call) -> Response[bytes]:
    """Take a reference or an attachment in; answer with it as forms hold it."""
    who = await writer(request)
    files: Files = request.app.state.files
    answer = await files.upload(
        Incoming(request.headers.get("content-type", ""), request.content_length, body_chunks(request)),
        account=who.account,
        limits=request.app.state.upload_limits,
        idempotency_key=idempotency_key(request),
    )
    return json_response(_encode(given(msgspec.json.decode(answer.body, type=FileObject))), status=201)


def _service(request: Call) -> Generations:
    return request.app.state.generations
