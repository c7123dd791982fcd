"""Upstreams that we did not write: llama.cpp's own server over HTTP, and the built-in model in its process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rivya.engines.mini_chat import _weights
from tests.api.conftest import Installation
from tests.chat.streams import EventStream, events
from tests.running import Client, Rivya, eventually, free_port

pytestmark = pytest.mark.engines

SERVER = """
import sys, time, xllamacpp
wanted = xllamacpp.CommonParams()
wanted.model.path, wanted.hostnames, wanted.port = sys.argv[1], ["127.0.0.1"], int(sys.argv[2])
wanted.n_ctx, wanted.n_parallel, wanted.cpuparams.n_threads, wanted.api_keys = 2048, 1, 2, ["sk-llama"]
server = xllamacpp.Server(wanted)
time.sleep(600)
"""

MODEL = """
id = "llama"
display_name = "Llama"
category = "chat"
billing_type = "TOKEN_BASED"
base_credits = 1
max_prompt_length = 20000
supported_modes = ["chat"]
deadline_s = 60

[chat]
system = "You are a helpful assistant."
context_window = 2048
max_output_tokens = 48

[tokens]
size = 10
"""


@pytest.fixture(scope="module")
def real(database_for_module: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = Path(tmp_path_factory.mktemp("real"))
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(_weights()), str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    (folder / "models").mkdir()
    (folder / "models" / "llama.toml").write_text(MODEL)
    (folder / "providers.toml").write_text(
        f'[providers.llama]\nkind = "openai"\nurl = "http://127.0.0.1:{port}/v1"\nkey_env = "LLAMA_KEY"\n'
        "body = {temperature = 0.0}\n"
        '[providers.engines]\nkind = "engines"\n'
        '[[routes]]\nmodel = "llama"\nprovider = "llama"\ntarget = "smollm2"\n'
        '[[routes]]\nmodel = "rivya-mini-chat"\nprovider = "engines"\ntarget = "rivya-mini-chat"\n'
    )
    rivya = Rivya(
        database_for_module,
        folder,
        {
            "RIVYA_CATALOG_DIR": str(folder / "models"),
            "RIVYA_PROVIDERS_FILE": str(folder / "providers.toml"),
            "LLAMA_KEY": "sk-llama",
        },
    )
    try:
        worker = rivya.worker()
        process, base_url = rivya.serve()
        rivya.wait_for(base_url, process, "/readyz")

        def answers() -> bool:
            try:
                return Client(f"http://127.0.0.1:{port}").get("/health").status == 200
            except OSError:
                return False

        eventually(answers, within_s=60)
        yield Installation(rivya, base_url, rivya.database_url, worker, folder / "journal.jsonl")
    finally:
        rivya.close()
        server.kill()
        server.wait()


@pytest.mark.parametrize("model", ["llama", "rivya-mini-chat"])
def test_a_real_model_answers_whole_and_as_a_stream_and_is_paid_by_its_own_count(
    real: Installation, model: str
) -> None:
    account = real.account(credits=1000)
    client = real.client(account)
    asked = {"model": model, "message": "What is the capital of France?"}
    answer = client.post("/api/v1/chat/completions", asked)
    assert answer.status == 200, answer.body
    assert "Paris" in answer.json["message"]["content"]
    session = answer.json["session_id"]
    found = events(client, {"model": model, "message": "And of Italy?", "session_id": session})
    last = found[-1][1]
    assert (
        "".join(data["delta"]["content"] for name, data in found if name.endswith("delta"))
        == (last["message"]["content"])
    )
    assert last["usage"]["input_tokens"] > answer.json["usage"]["input_tokens"]
    rows = real.sql("select counted_by, final_credits from chat_turns where account_id = $1", account)
    assert [row["counted_by"] for row in rows] == ["upstream", "upstream"]
    assert 1000 - real.balance(account).available == sum(row["final_credits"] for row in rows)
    assert real.violations() == []


def test_who_leaves_the_built_in_model_pays_what_it_counted(real: Installation) -> None:
    account = real.account(credits=1000)
    client = real.client(account)
    stream = EventStream(client, {"model": "rivya-mini-chat", "message": "Tell me a long story about the sea."})
    seen = iter(stream)
    next(seen)
    next(seen)
    stream.cut()

    def stopped():
        return real.sql("select * from chat_turns where account_id = $1 and status = 'stopped'", account)

    turn = eventually(stopped)[0]
    assert turn["counted_by"] == "upstream"
    assert 1 <= turn["output_tokens"] < 512
    kept = client.get(f"/api/v1/chat/sessions/{turn['session_id']}").json["messages"][-1]["content"]
    assert len(kept) > 2 * turn["output_tokens"], "what was made and not read any more is kept as well"
    assert real.violations() == []


def test_what_the_built_in_model_counted_is_known_also_when_its_server_is_killed(real: Installation) -> None:
    account = real.account(credits=1000)
    process, base_url = real.rivya.serve()
    client = Client(base_url, real.client(account).key)
    stream = EventStream(client, {"model": "rivya-mini-chat", "message": "Tell me a long story about the sea."})
    seen = iter(stream)
    next(seen)
    next(seen)

    def written() -> bool:
        return bool(real.sql("select from chat_turns where account_id = $1 and content <> ''", account))

    eventually(written)
    process.kill()
    process.wait()
    stream.cut()
    ended = "select * from chat_turns where account_id = $1 and status <> 'running'"
    turn = eventually(lambda: real.sql(ended, account), within_s=40)[0]
    assert (turn["status"], turn["counted_by"]) == ("stopped", "upstream")
    assert 20 < turn["input_tokens"] < 80
    assert 1 <= turn["output_tokens"] < 512
    assert 1000 - real.balance(account).available == turn["final_credits"] > 0
    assert real.violations() == []


@pytest.mark.skipif("RIVYA_CHAOS_TURNS" not in os.environ, reason="takes more than a minute: make chaos runs it")
def test_a_conversation_longer_than_the_real_model_reads_goes_on_without_its_beginning(real: Installation) -> None:
    client = real.client(real.account(credits=10_000))
    session = None
    for _ in range(3):
        body = {"model": "llama", "message": "7 13 21 99 4 8 " * 90, **({"session_id": session} if session else {})}
        answer = client.post("/api/v1/chat/completions", body)
        assert answer.status == 200, answer.body
        session = answer.json["session_id"]
