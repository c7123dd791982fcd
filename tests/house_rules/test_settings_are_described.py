"""Every setting says what it is for."""

from __future__ import annotations

import pytest


def test_every_setting_has_a_description() -> None:
    settings = pytest.importorskip("rivya.settings")
    fields = settings.Settings.model_fields
    assert fields
    assert [name for name, field in fields.items() if not (field.description or "").strip().endswith(".")] == []
