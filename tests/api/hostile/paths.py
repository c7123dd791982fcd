"""Ids in paths, and paths themselves: traversal, NUL, other encodings, other prefixes."""

from __future__ import annotations

from collections.abc import Iterator

from rivya.kit.ids import new_id
from tests.api.hostile.case import GENERATIONS, Call, Case, get, missing, refused
from tests.running import Client

IDS = (
    "x", "task_", "task_x", "..", ".", "%2e%2e", "%2e%2e%2fcredits", "..%2f..%2fcredits", "..%5c..%5c", "%00", "task_%00", "%0d%0aX-A:%20b",
    "%20", "%20task_x", "~root", "*", "%2a", "null", "undefined", "NaN", "-1", "0", "true", "%25", "%2525", "%zz", "%", "%ff%fe", "%c0%ae%c0%ae",
    "%e2%80%ae", "%f0%9f%98%80", "%ef%bc%85", "task_'%20or%20'1'='1", "task_1;drop%20table%20tasks", "$%7Bjndi:ldap:127.0.0.1%7D", "%7B%7B7*7%7D%7D",
    "<script>", "a" * 5000, "task_" + "0" * 25, "task_" + "0" * 27, "task_" + "I" * 26, "TASK_" + "0" * 26, "task_" + "%d9%a0" * 26,
)  # fmt: skip
OTHERS = ("file", "task", "chat", "evt", "key", "acct", "chatcmpl", "req")
NOWHERE = (
    "/api/v1/generations/../credits/..", "/api/v1/generations;x=1", "/API/V1/CREDITS", "/api/v1/credits%00",
    "/api/v1/credits%20", "/api/v1/credits.json", "/api/v1/..;/credits", "/api/v1/.env",
    "/.git/config", "/.env", "/etc/passwd", "/administrator", "/server-status", "/metrics%00", "/actuator/env", "/wp-login.php", "/cgi-bin/x",
    "/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2f..%2fsettings.py", "/static/..%5c..%5csettings.py", "/static//etc/passwd",
    "/static/%2fetc%2fpasswd", "/static/%00", "/static/css/base.css%00", "/static/" + "a" * 5000,
    "/media/", "/media/x", "/media/../../etc/passwd", "/media/%2e%2e/%2e%2e/etc/passwd", "/media/..%2fsecret.key", "/media/files/%00",
    "/media/x?expires=99999999999&signature=", "/media/x?expires=" + "9" * 5000 + "&signature=x", "/media/x?expires=-1&signature=x",
    "/media/x?expires=%D9%A1&signature=x", "/media/x?expires=1e99&signature=%00", "/media/x?expires=99999999999&signature=%ED%A0%80",
)  # fmt: skip


def cancel(task: str) -> Call:
    return lambda target: target.client.post(f"{GENERATIONS}/{task}/cancel")


def delete(file: str) -> Call:
    return lambda target: target.client.call("DELETE", f"/api/v1/files/{file}")


def ids() -> Iterator[Case]:
    for id, name in _named(IDS):
        yield missing(f"the task {name}", get(f"{GENERATIONS}/{id}"))
        yield missing(f"the file {name}", get(f"/api/v1/files/{id}"))
    for id, name in _named(IDS[::4]):
        yield missing(f"cancelling {name}", cancel(id))
        yield missing(f"deleting {name}", delete(id))
        yield missing(f"the chat session {name}", get(f"/api/v1/chat/sessions/{id}"))
        yield missing(f"the model {name}", get(f"/api/v1/models/{id}"))


def _named(ids: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield these ids, and those of things that are of another kind or not there, and what to call each."""
    yield from ((id, id[:40]) for id in ids)
    yield from ((new_id(prefix), f"{prefix}_ of nobody") for prefix in OTHERS)


def nowhere() -> Iterator[Case]:
    for path in NOWHERE:
        yield missing(f"the path {path[:60]}", get(path))


def methods() -> Iterator[Case]:
    for method in ("PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "MKCOL", "LOCK", "PURGE", "SEARCH", "REPORT"):
        yield refused(
            f"{method} on a collection",
            lambda target, method=method: target.client.call(method, GENERATIONS),
            status=405,
            code="method_not_allowed",
        )
    yield refused(
        "POST on a balance",
        lambda target: target.client.post("/api/v1/credits", {"current_credits": 10**9}),
        status=405,
        code="method_not_allowed",
    )
    overrides = {
        "X-HTTP-Method-Override": "DELETE",
        "X-Method-Override": "DELETE",
        "X-Original-URL": "/api/v1/models",
        "X-Rewrite-URL": "/api/v1/models",
    }
    yield refused(
        "headers that would be another call",
        lambda target: Client(target.base_url).get("/api/v1/credits", headers=overrides),
        status=401,
        code="api_key_missing",
    )


CASES = [*ids(), *nowhere(), *methods()]
