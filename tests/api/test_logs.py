from tests.api.conftest import Installation
from tests.running import Client

PROMPT = "a sentence that must not be read by whoever reads logs"


def test_no_key_and_no_prompt_reaches_a_log(installation: Installation, client: Client) -> None:
    for outcome in ("done", "failed", "crash", "bad_media"):
        accepted = client.generate({"model": "scripted", "prompt": PROMPT, "params": {"outcome": outcome}})
        client.ended(accepted.json["id"])
    client.generate({"model": "scripted", "prompt": PROMPT, "params": {"outcome": "no such outcome"}})

    logs = "\n".join(file.read_text(errors="replace") for file in installation.rivya.folder.glob("*.log"))
    assert accepted.json["id"] in logs
    assert client.key is not None
    assert client.key not in logs
    assert PROMPT not in logs
