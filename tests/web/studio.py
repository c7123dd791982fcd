"""An installation for the Studio's tests, and somebody who uses it as its scripts do."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rivya.kit.ids import AccountId
from tests.api.conftest import Installation, running
from tests.chat.upstream import Upstream
from tests.files.forms import TYPE, body, field, file
from tests.running import Answer, eventually
from tests.web.site import sign_in

_TESTS = Path(__file__).parent.parent
_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')

STUDIO_ONLY = """
id = "private"
display_name = "Private"
category = "image"
billing_type = "FIXED"
base_credits = 4
studio_only = true
"""
METERED = """
id = "reader"
display_name = "Reader"
category = "audio"
billing_type = "METERED"
base_credits = 3
max_prompt_length = 100
[meter]
unit = "characters"
size = 10
[[params]]
key = "speed"
type = "number"
default = 1
min = 0.5
max = 2
step = 0.25
[[params]]
key = "mood"
type = "select"
options = ["calm", "lively"]
"""


@contextmanager
def installed(database_url: str, folder: Path, upstream: Upstream) -> Iterator[Installation]:
    """Run an API process and a worker: the models of tests/api and tests/chat, and the two above."""
    catalog = folder / "catalog"
    shutil.copytree(_TESTS / "api" / "catalog", catalog)
    shutil.copy(_TESTS / "chat" / "models" / "talker.toml", catalog)
    (catalog / "private.toml").write_text(STUDIO_ONLY)
    (catalog / "reader.toml").write_text(METERED)
    scripted = "\n".join(
        f'[[routes]]\nmodel = "{model}"\nprovider = "scripted"\ntarget = "scripted"'
        for model in ("hasty", "demanding", "private", "reader")
    )
    (folder / "providers.toml").write_text(
        f'[providers.double]\nkind = "openai"\nurl = "{upstream.url}"\nfirst_s = 3.0\nidle_s = 1.0\n'
        f'[[routes]]\nmodel = "talker"\nprovider = "double"\ntarget = "talker-1"\n{scripted}\n'
    )
    settings = {
        "RIVYA_CATALOG_DIR": str(catalog),
        "RIVYA_PROVIDERS_FILE": str(folder / "providers.toml"),
        "RIVYA_SCRIPTED_JOURNAL": str(folder / "journal.jsonl"),
        "RIVYA_ACCOUNT_IN_FLIGHT": "3",
    }
    with running(database_url, folder, settings) as found:
        yield found


@dataclass
class Studio:
    """Calls the Studio's endpoints with a session's cookie, and the token of its pages."""

    installation: Installation
    account: AccountId
    cookie: str
    token: str

    @classmethod
    def of(cls, installation: Installation, *, credits: int = 100) -> Studio:
        person = sign_in(installation, installation.account(credits=credits))
        found = _TOKEN.search(person.text("/studio/image"))
        assert found is not None
        assert person.account is not None
        assert person.cookie is not None
        return cls(installation, person.account, person.cookie, found[1])

    def call(self, method: str, path: str, content: Any = None, *, headers: Mapping[str, str] | None = None) -> Answer:
        """Call as a script of one of our pages does; ``headers`` may say otherwise."""
        given = {"Origin": self.installation.base_url, "X-CSRF-Token": self.token, **(headers or {})}
        given = {"Cookie": f"rivya_session={self.cookie}", "Accept": "application/json", **given}
        raw = content if isinstance(content, bytes) or content is None else json.dumps(content).encode()
        request = urllib.request.Request(
            self.installation.base_url + path, raw, {name: text for name, text in given.items() if text}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Answer(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, {k.lower(): v for k, v in error.headers.items()}, error.read())

    def get(self, path: str) -> Answer:
        return self.call("GET", path)

    def post(self, path: str, content: Any = None, **headers: str) -> Answer:
        return self.call("POST", path, content, headers={n.replace("_", "-"): v for n, v in headers.items()})

    def html(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status == 200, answer.body
        return answer.body.decode()

    def generate(self, model: str = "scripted", prompt: str = "a hill", **params: object) -> Any:
        """Start a generation; return its task."""
        answer = self.post("/studio/generations", {"model": model, "prompt": prompt, "params": params})
        assert answer.status == 202, answer.body
        return answer.json

    def ended(self, task: str) -> Any:
        def look() -> Any:
            found = self.get(f"/studio/generations/{task}").json
            return found if found["status"] in ("succeeded", "failed") else None

        return eventually(look, within_s=60)

    def upload(self, content: bytes, *, kind: str = "image", model: str | None = None, name: str = "a.png") -> Answer:
        fields = [field("kind", kind), *([field("model", model)] if model is not None else [])]
        return self.call(
            "POST", "/studio/files", body(*fields, file(content, name=name)), headers={"Content-Type": TYPE}
        )

    def say(self, message: str, **more: object) -> list[tuple[str, Any]]:
        """Say something to the model; return the events of its answer."""
        answer = self.post("/studio/chat", {"model": "talker", "message": message, **more})
        assert answer.status == 200, answer.body
        return [_event(part) for part in answer.body.decode().split("\n\n") if part.startswith("event")]

    def say_and_leave(self, message: str, *, after: int) -> str:
        """Stop reading after so many pieces of the answer; return the turn's id."""
        parts = urlsplit(self.installation.base_url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        headers = {
            "Cookie": f"rivya_session={self.cookie}",
            "X-CSRF-Token": self.token,
            "Origin": self.installation.base_url,
        }
        connection.request("POST", "/studio/chat", json.dumps({"model": "talker", "message": message}), headers)
        answer, heard = connection.getresponse(), 0
        turn = ""
        for raw in answer:
            line = raw.decode()
            if line.startswith("data: "):
                turn = json.loads(line[6:])["id"]
                heard += 1
            if heard > after:
                break
        answer.close()
        connection.close()
        return turn

    def turn_ended(self, turn: str) -> Any:
        def look() -> Any:
            found = self.get(f"/studio/chat/turns/{turn}").json
            return found if found["status"] != "running" else None

        return eventually(look, within_s=60)


def _event(part: str) -> tuple[str, Any]:
    name, data = part.split("\n", 1)
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))
