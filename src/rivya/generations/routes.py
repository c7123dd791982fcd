"""/api/v1/generations."""

from __future__ import annotations

import msgspec
from litestar import Response, Router, get, post
from litestar.types import ASGIApp

from rivya.errors import (
    IdempotencyConflict,
    InsufficientCredits,
    ModelNotAvailable,
    NotFound,
    RateLimited,
    SpendLimitReached,
)
from rivya.generations.check import check_filters
from rivya.generations.model import TaskState
from rivya.generations.schemas import CreateGeneration, EstimateObject, TaskObject, task_object
from rivya.generations.service import Generations
from rivya.generations.states import STATUSES
from rivya.generations.stream import FAILED, SUCCEEDED, UPDATED, TaskStream
from rivya.http import Call, asked_page, caller, idempotency_key, json_response, prefer_wait, read_json
from rivya.kit.ids import AccountId, TaskId
from rivya.kit.pages import ListObject, listed
from rivya.operation import PAGED, Operation, Query

_encode = msgspec.json.Encoder().encode
_TEXT = {"type": "string", "maxLength": 128, "pattern": r"^[^\u0000]*$"}
_FILTERS = (
    Query("status", {"type": "string", "enum": list(STATUSES)}, "Only tasks in this state."),
    Query("model", _TEXT, "Only tasks of this model."),
    Query("client_request_id", _TEXT, "Only tasks that were given this trace."),
)


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
        errors=(InsufficientCredits, SpendLimitReached, ModelNotAvailable, IdempotencyConflict),
        idempotent=True,
        waits=True,
    ),
)
async def create(request: Call) -> Response[bytes]:
    """Start a generation. Its credits are set aside in the same moment.

    With `Prefer: wait=N` the answer comes when it has ended, or after N seconds, and is the task as it stands then.
    What an Idempotency-Key is answered again is the task as it was accepted, at once.
    """
    key = await caller(request)
    wanted = await read_json(request, CreateGeneration)
    wait_s = prefer_wait(request)
    service = _service(request)
    answer = await service.create(wanted, caller=key, idempotency_key=idempotency_key(request))
    task = TaskId(msgspec.json.decode(answer.body, type=_Id).id)
    headers = {"Location": f"/api/v1/generations/{task}"}
    if answer.replayed:
        headers["Idempotent-Replayed"] = "true"
    elif wait_s is not None and service.changes.has_room(key.account):
        headers["Preference-Applied"] = f"wait={wait_s}"
        state = await service.changes.ended(key.account, task, within_s=wait_s)
        return json_response(_shown(request, state), status=202, headers=headers)
    return json_response(answer.body, status=202, headers=headers)


@get(
    "/",
    operation=Operation(
        "listGenerations",
        "Generations",
        "List generations",
        scope="generations:read",
        answer=ListObject[TaskObject],
        query=(*PAGED, *_FILTERS),
    ),
)
async def list_tasks(request: Call) -> Response[bytes]:
    """Return the account's generations, newest first."""
    key = await caller(request)
    filters = check_filters(request.query_params)
    wanted = asked_page(request, of="generations")
    rows = await _service(request).list(account=key.account, page=wanted, filters=filters)
    sign = request.app.state.links.sign
    page = listed(rows, wanted, id_of=lambda task: task.id, show=lambda task: task_object(task, sign))
    return json_response(_encode(page))


@post(
    "/estimate",
    status_code=200,
    operation=Operation(
        "estimateGeneration",
        "Generations",
        "Estimate a generation",
        scope="generations:create",
        body=CreateGeneration,
        answer=EstimateObject,
    ),
)
async def estimate(request: Call) -> Response[bytes]:
    """Return what a request would set aside. Spends nothing, and starts nothing."""
    key = await caller(request)
    wanted = await read_json(request, CreateGeneration)
    return json_response(_encode(await _service(request).estimate(wanted, account=key.account)))


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
    return json_response(_shown(request, await _read(request, key.account, task_id)))


@get(
    "/{task_id:str}/events",
    operation=Operation(
        "followGeneration",
        "Generations",
        "Follow a generation",
        scope="generations:read",
        events=((UPDATED, TaskObject), (SUCCEEDED, TaskObject), (FAILED, TaskObject)),
        errors=(NotFound,),
    ),
)
async def events(request: Call, task_id: str) -> ASGIApp:
    """Return a generation as a stream: as it stands now, each change, and its end."""
    key = await caller(request)
    task = await _read(request, key.account, task_id)
    changes = _service(request).changes
    if not changes.has_room(key.account):
        raise RateLimited("Too many generations are being followed. Try again in a moment.", retry_after_s=5)
    state = request.app.state
    return TaskStream(changes, key.account, task.id, state.links.sign, until=state.stopping)


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
    """Cancel a generation: at once while it waits, else where its provider can. The answer shows which."""
    key = await caller(request)
    return json_response(_shown(request, await _service(request).cancel(account=key.account, task=TaskId(task_id))))


router = Router("/api/v1/generations", route_handlers=[create, list_tasks, estimate, read, events, cancel])


class _Id(msgspec.Struct):
    id: str


def _service(request: Call) -> Generations:
    return request.app.state.generations


async def _read(request: Call, account: AccountId, task: str) -> TaskState:
    return await _service(request).read(account=account, task=TaskId(task))


def _shown(request: Call, task: TaskState) -> bytes:
    return _encode(task_object(task, request.app.state.links.sign))
