"""A vendor's callback, if it is the vendor's, wakes whoever watches the task, and is believed in nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rivya.webhooks.signing import new_secret, sign
from tests.api.conftest import Installation, running
from tests.databases import Databases
from tests.running import Answer, Client, eventually

SECRET = new_secret()
BODY = b'{"status": "COMPLETED", "output": "whatever it says"}'

PROVIDERS = """
[providers.scripted]
kind = "scripted"
callback_secret_env = "SCRIPTED_CALLBACK_SECRET"

[providers.silent]
kind = "scripted"

[providers.unset]
kind = "scripted"
callback_secret_env = "A_VARIABLE_THAT_IS_NOT_THERE"

[providers.wrong]
kind = "scripted"
callback_secret_env = "WRONG_CALLBACK_SECRET"
"""


@pytest.fixture(scope="module")
def installation(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = Path(tmp_path_factory.mktemp("callbacks"))
    (folder / "providers.toml").write_text(PROVIDERS)
    settings = {
        "RIVYA_PROVIDERS_FILE": str(folder / "providers.toml"),
        "SCRIPTED_CALLBACK_SECRET": SECRET,
        "WRONG_CALLBACK_SECRET": "no secret at all",
    }
    with databases.one() as database_url, running(database_url, folder, settings) as found:
        yield found


def called_back(
    installation: Installation,
    work: str,
    *,
    provider: str = "scripted",
    secret: str = SECRET,
    body: bytes = BODY,
    late: timedelta = timedelta(0),
    **changed: str,
) -> Answer:
    headers = sign([secret], event_id="msg_1", at=datetime.now(UTC) - late, body=body) | changed
    path = f"/internal/callbacks/{provider}?work={work}"
    return Client(installation.base_url).call("POST", path, body, headers=headers)


def hanging(installation: Installation) -> tuple[Client, str]:
    """Start a task that its provider never ends; return it once its worker watches it."""
    client = installation.client(installation.account())
    task = client.generate({"model": "scripted", "params": {"outcome": "hang"}}).json["id"]
    eventually(
        lambda: installation.sql("select from attempts where task_id = $1 and handle is not null", task), within_s=60
    )
    return client, task


def woken(installation: Installation) -> str:
    logged = "".join(file.read_text() for file in installation.rivya.folder.glob("*.log"))
    return "\n".join(line for line in logged.splitlines() if "task.called_back" in line)


def test_a_callback_wakes_the_watcher_of_its_task_and_changes_nothing_by_itself(installation: Installation) -> None:
    client, task = hanging(installation)

    def heard() -> bool:
        assert called_back(installation, f"{task}.1").status == 204
        return task in woken(installation)

    eventually(heard, within_s=60, every_s=0.5)
    assert client.task(task)["status"] == "processing"


REFUSED = [
    pytest.param({"secret": new_secret()}, 401, "api_key_invalid", id="another secret"),
    ({"late": timedelta(minutes=6)}, 401, "api_key_invalid"),
    ({"late": timedelta(minutes=-6)}, 401, "api_key_invalid"),
    ({"webhook-id": "msg_2"}, 401, "api_key_invalid"),
    ({"webhook-signature": "v1,nonsense"}, 401, "api_key_invalid"),
    ({"provider": "wrong"}, 401, "api_key_invalid"),
    ({"provider": "silent"}, 404, "not_found"),
    ({"provider": "unset"}, 404, "not_found"),
    ({"provider": "nobody"}, 404, "not_found"),
    ({"body": b"x" * (1024 * 1024 + 1)}, 400, "validation_failed"),
]


@pytest.mark.parametrize(("changed", "status", "code"), REFUSED, ids=lambda value: repr(value)[:60])
def test_what_is_not_the_vendors_is_refused_and_wakes_nobody(
    installation: Installation, changed: dict[str, Any], status: int, code: str
) -> None:
    answer = called_back(installation, "task_00000000000000000000000001.1", **changed)
    assert (answer.status, answer.json["error"]["code"]) == (status, code)
    assert "task_00000000000000000000000001" not in woken(installation)


def test_without_headers_it_is_refused(installation: Installation) -> None:
    answer = Client(installation.base_url).call("POST", "/internal/callbacks/scripted?work=x", BODY)
    assert (answer.status, answer.json["error"]["code"]) == (401, "api_key_invalid")


@pytest.mark.parametrize("work", ["", "x", "task_1.1", "task_00000000000000000000000001", "task_x%20y.1", "%00.1"])
def test_a_callback_about_no_work_is_refused(installation: Installation, work: str) -> None:
    answer = called_back(installation, work)
    assert (answer.status, answer.json["error"]["param"]) == (400, "work")


def test_a_callback_about_work_that_is_not_there_is_no_error(installation: Installation) -> None:
    assert called_back(installation, "task_00000000000000000000000000.1").status == 204


def test_no_secret_of_a_provider_is_logged(installation: Installation) -> None:
    called_back(installation, "task_00000000000000000000000000.1", secret=new_secret())
    logged = "".join(file.read_text() for file in installation.rivya.folder.glob("*.log"))
    assert "callback.refused" in logged
    assert SECRET.removeprefix("whsec_") not in logged


def test_an_api_key_does_not_open_it(installation: Installation) -> None:
    client = installation.client(installation.account())
    assert client.call("POST", "/internal/callbacks/scripted?work=x", BODY).status == 401
