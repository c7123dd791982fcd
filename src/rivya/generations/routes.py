"""/api/v1/generations."""

from __future__ import annotations

import msgspec
from litestar import Response, Router, get, post

from rivya.errors import IdempotencyConflict, InsufficientCredits, ModelNotAvailable, NotFound
from rivya.generations.model import TaskState
from rivya.generations.schemas import CreateGeneration, TaskObject, task_object
from rivya.generations.service import Generations
from rivya.http import Call, caller, idempotency_key, json_response, read_json
from rivya.kit.ids import TaskId
from rivya.operation import Operation

_encode = msgspec.json.Encoder().encode


@post(
    "/",
    status_code=202,
    operation=Operation(
        "createGeneration",
        "Generations",
        "Start a generation",
        scope="generations:create",
        body=CreateGeneration,
        answer=TaskObject,
        errors=(InsufficientCredits, ModelNotAvailable, IdempotencyConflict),
        idempotent=True,
    ),
)
async def create(request: Call) -> Response[bytes]:
    """Start a generation."""
    key = await caller(request)
    wanted = await read_json(request, CreateGeneration)
    answer = await _service(request).create(wanted, key=key, idempotency_key=idempotency_key(request))
    task_id = msgspec.json.decode(answer.body, type=_Id).id
    headers = {"Location": f"/api/v1/generations/{task_id}"}
    if answer.replayed:
        headers["Idempotent-Replayed"] = "true"
    return json_response(answer.body, status=202, headers=headers)


@get(
    "/{task_id:str}",
    operation=Operation(
        "getGeneration",
        "Generations",
        "Read a generation",
        scope="generations:read",
        answer=TaskObject,
        errors=(NotFound,),
    ),
)
async def read(request: Call, task_id: str) -> Response[bytes]:
    """Return a generation as it stands."""
    key = await caller(request)
    return _answer(request, await _service(request).read(account=key.account, task=TaskId(task_id)))


@post(
    "/{task_id:str}/cancel",
    status_code=200,
    operation=Operation(
        "cancelGeneration",
        "Generations",
        "Cancel a generation",
        scope="generations:create",
        answer=TaskObject,
        errors=(NotFound,),
    ),
)
async def cancel(request: Call, task_id: str) -> Response[bytes]:
    """Cancel a generation."""
    key = await caller(request)
    return _answer(request, await _service(request).cancel(account=key.account, task=TaskId(task_id)))


router = Router("/api/v1/generations", route_handlers=[create, read, cancel])


class _Id(msgspec.Struct):
    id: str


def _service(request: Call) -> Generations:
    return request.app.state.generations


def _answer(request: Call, task: TaskState) -> Response[bytes]:
    return json_response(_encode(task_object(task, request.app.state.links.sign)))
