"""/api/v1/generations."""

from __future__ import annotations

import msgspec
from litestar import Response, Router, get, post

from rivya.generations.model import TaskState
from rivya.generations.schemas import CreateGeneration, task_object
from rivya.generations.service import Generations
from rivya.http import Call, caller, idempotency_key, json_response, read_json
from rivya.kit.ids import TaskId

_encode = msgspec.json.Encoder().encode


@post("/", status_code=202)
async def create(request: Call) -> Response[bytes]:
    """Start a generation."""
    key = await caller(request, "generations:create")
    wanted = await read_json(request, CreateGeneration)
    answer = await _service(request).create(wanted, key=key, idempotency_key=idempotency_key(request))
    task_id = msgspec.json.decode(answer.body, type=_Id).id
    headers = {"Location": f"/api/v1/generations/{task_id}"}
    if answer.replayed:
        headers["Idempotent-Replayed"] = "true"
    return json_response(answer.body, status=202, headers=headers)


@get("/{task_id:str}")
async def read(request: Call, task_id: str) -> Response[bytes]:
    """Return a generation as it stands."""
    key = await caller(request, "generations:read")
    return _answer(request, await _service(request).read(account=key.account, task=TaskId(task_id)))


@post("/{task_id:str}/cancel", status_code=200)
async def cancel(request: Call, task_id: str) -> Response[bytes]:
    """Cancel a generation."""
    key = await caller(request, "generations:create")
    return _answer(request, await _service(request).cancel(account=key.account, task=TaskId(task_id)))


router = Router("/api/v1/generations", route_handlers=[create, read, cancel])


class _Id(msgspec.Struct):
    id: str


def _service(request: Call) -> Generations:
    return request.app.state.generations


def _answer(request: Call, task: TaskState) -> Response[bytes]:
    return json_response(_encode(task_object(task, request.app.state.links.sign)))
