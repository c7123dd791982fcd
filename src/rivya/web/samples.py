"""The same call in several languages: for pages that make their samples from the catalog."""

from __future__ import annotations

import json
from collections.abc import Mapping

Sample = tuple[str, str, str]
"""The tab's text, the language for highlighting, the code."""


def samples(url: str, body: Mapping[str, object]) -> list[Sample]:
    """Return a POST of ``body`` with curl, in Python and in TypeScript; the key is in ``RIVYA_API_KEY``."""
    return [
        ("curl", "bash", curl(url, body)),
        ("Python", "python", python(url, body)),
        ("TypeScript", "typescript", typescript(url, body)),
    ]


def curl(url: str, body: Mapping[str, object]) -> str:
    content = json.dumps(body, indent=2, ensure_ascii=False).replace("'", "'\\''")
    return (
        f'curl {url} \\\n  -H "Authorization: Bearer $RIVYA_API_KEY" \\\n'
        f"  -H \"Content-Type: application/json\" \\\n  -d '{content}'"
    )


def python(url: str, body: Mapping[str, object]) -> str:
    return (
        "import os\nimport requests\n\n"
        f'answer = requests.post(\n    "{url}",\n'
        '    headers={"Authorization": f"Bearer {os.environ[\'RIVYA_API_KEY\']}"},\n'
        f"    json={_indented(_python_literal(body))},\n    timeout=60,\n)\n"
        "answer.raise_for_status()\nprint(answer.json())"
    )


def typescript(url: str, body: Mapping[str, object]) -> str:
    content = json.dumps(body, indent=2, ensure_ascii=False)
    return (
        f'const answer = await fetch("{url}", {{\n  method: "POST",\n  headers: {{\n'
        "    Authorization: `Bearer ${process.env.RIVYA_API_KEY}`,\n"
        '    "Content-Type": "application/json",\n  },\n'
        f"  body: JSON.stringify({content.replace(chr(10), chr(10) + '  ')}),\n}});\n"
        "if (!answer.ok) throw new Error(await answer.text());\nconsole.log(await answer.json());"
    )


def _python_literal(value: object, indent: str = "") -> str:
    """Return a JSON value as Python writes it, an entry a line."""
    deeper = f"{indent}    "
    if isinstance(value, Mapping):
        entries = [f"{json.dumps(key)}: {_python_literal(of, deeper)}" for key, of in value.items()]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        return "{\n" + "".join(f"{deeper}{entry},\n" for entry in entries) + f"{indent}}}" if entries else "{}"
    if isinstance(value, list):
        entries = [_python_literal(of, deeper) for of in value]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        return "[\n" + "".join(f"{deeper}{entry},\n" for entry in entries) + f"{indent}]" if entries else "[]"
    if isinstance(value, bool) or value is None:
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")
