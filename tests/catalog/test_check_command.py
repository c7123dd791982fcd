"""An operator's model files: checked by a command, and followed by running processes."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from rivya.catalog.commands import app
from rivya.catalog.loader import BadCatalog
from rivya.catalog.reload import Catalog
from tests.running import eventually

GOOD = """
id = "mine"
display_name = "Mine"
category = "image"
billing_type = "FIXED"
base_credits = 1
"""
BAD = GOOD.replace("= 1", "= 0").replace("FIXED", "METERED")


@pytest.fixture(autouse=True)
def _no_folder_of_the_machines_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RIVYA_CATALOG_DIR", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "catalog"
    made.mkdir()
    return made


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def put(folder: Path, name: str, text: str) -> None:
    """Write a file as an editor does: another one takes its place."""
    new = folder / f"{name}.new"
    new.write_text(text)
    new.replace(folder / name)


# The command


def test_the_models_of_the_package_have_no_problem() -> None:
    assert run("check").exit_code == 0


def test_good_files_of_ones_own_are_counted(folder: Path) -> None:
    (folder / "mine.toml").write_text(GOOD)
    found = run("check", folder)
    assert found.exit_code == 0
    assert "1 files of your own" in found.output


def test_all_problems_of_all_files_are_said(folder: Path) -> None:
    (folder / "a.toml").write_text(BAD)
    (folder / "b.toml").write_text(GOOD.replace('display_name = "Mine"', "colour = 1"))
    (folder / "c.toml").write_text("id =")
    found = run("check", folder)
    assert found.exit_code == 1
    said = found.output.splitlines()
    assert [line.split(": ")[:2] for line in said[:4]] == [
        ["a.toml", "base_credits"],
        ["a.toml", "meter"],
        ["b.toml", "display_name"],
        ["b.toml", "colour"],
    ]
    assert said[4].startswith("c.toml: Invalid value")
    assert said[5] == "rivya: 5 problems in the model files"


def test_the_path_of_a_problem_leads_into_lists_and_tables(folder: Path) -> None:
    param = '[[params]]\nkey = "lines"\ntype = "array"\n[[params.items]]\nkey = "text"\ntype = "txt"\n'
    limits = '[reference_media]\nmax_files = 1\nkinds = ["image"]\n[reference_media.limits.image]\nmax_bytes = "1"\n'
    (folder / "a.toml").write_text(GOOD + param + limits)
    said = run("check", folder).output
    assert "a.toml: params[0].items[0].type: Invalid enum value 'txt'" in said
    assert "a.toml: reference_media.limits.image.max_bytes: Expected `int`, got `str`" in said
    assert "a.toml: reference_media.limits.image.mime_types: missing required field" in said


def test_two_files_of_one_folder_must_not_give_one_model(folder: Path) -> None:
    (folder / "a.toml").write_text(GOOD)
    (folder / "b.toml").write_text(GOOD)
    found = run("check", folder)
    assert (found.exit_code, "b.toml: id: 'mine' is that of a.toml too" in found.output) == (1, True)


def test_a_folder_that_is_not_there_is_a_problem(folder: Path) -> None:
    assert run("check", folder / "nowhere").exit_code == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[[scales]]\nparam = "n"\nper = 5', "scales: there is no param 'n'"),
        ('[[params]]\nkey = "n"\ntype = "number"\nmin = 1\n[[scales]]\nparam = "n"\nper = 5', "needs a default"),
        ('[[params]]\nkey = "n"\ntype = "number"\ndefault = 1\n[[scales]]\nparam = "n"\nper = 5', "a min above 0"),
        (
            '[[params]]\nkey = "n"\ntype = "select"\ndefault = "a"\noptions = ["a"]\n[[scales]]\nparam = "n"\nper = 5',
            "a select of numbers above 0",
        ),
        (
            '[[params]]\nkey = "n"\ntype = "number"\ndefault = 1\nmin = 1\n[[scales]]\nparam = "n"\nper = 0',
            "per must be above 0",
        ),
        ('supported_modes = ["image-to-image"]', "supported_modes"),
        ('prompt_from = "lines"', "prompt_from"),
        ('[[params]]\nkey = "referenceMediaItems"\ntype = "array"', "is for reference media"),
        ('[[params]]\nkey = "n"\ntype = "number"\nmin = nan', "finite"),
        ('[reference_media]\nmax_files = 1\nkinds = ["image"]\nmixes = [{ video = 1 }]', "mixes[0]"),
    ],
)
def test_a_rule_that_a_file_breaks_is_said(folder: Path, text: str, problem: str) -> None:
    (folder / "a.toml").write_text(GOOD + text)
    assert problem in run("check", folder).output


def test_the_list_shows_each_model(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "mine.toml").write_text(GOOD)
    monkeypatch.setenv("RIVYA_CATALOG_DIR", str(folder))
    shown = run("list").output
    assert "mine" in shown
    assert "z-image" in shown


# Running processes


def test_a_new_file_adds_its_model(folder: Path) -> None:
    catalog = Catalog(folder=folder)
    models = catalog.models
    assert "mine" not in models
    put(folder, "mine.toml", GOOD)
    assert catalog.refresh()
    assert models["mine"].display_name == "Mine"


def test_a_changed_file_changes_its_model(folder: Path) -> None:
    put(folder, "mine.toml", GOOD)
    catalog = Catalog(folder=folder)
    put(folder, "mine.toml", GOOD.replace("Mine", "Ours"))
    assert catalog.refresh()
    assert catalog.models["mine"].display_name == "Ours"


def test_a_file_that_goes_takes_its_model_along(folder: Path) -> None:
    put(folder, "mine.toml", GOOD)
    catalog = Catalog(folder=folder)
    (folder / "mine.toml").unlink()
    assert catalog.refresh()
    assert "mine" not in catalog.models


def test_without_a_change_nothing_is_read_again(folder: Path) -> None:
    put(folder, "mine.toml", GOOD)
    catalog = Catalog(folder=folder)
    before = catalog.models["mine"]
    assert not catalog.refresh()
    assert catalog.models["mine"] is before


def test_a_bad_file_leaves_all_as_it_was_and_is_said_once(folder: Path) -> None:
    put(folder, "mine.toml", GOOD)
    catalog = Catalog(folder=folder)
    put(folder, "mine.toml", BAD)
    put(folder, "other.toml", GOOD.replace('"mine"', '"other"'))
    with capture_logs() as logs:
        assert not catalog.refresh()
        assert not catalog.refresh()
    assert [(line["event"], line["log_level"]) for line in logs] == [("catalog.not_reloaded", "error")]
    assert "mine.toml: base_credits: must be at least 1" in logs[0]["problems"]
    assert "other" not in catalog.models
    assert catalog.models["mine"].base_credits == 1


def test_a_bad_file_that_was_mended_is_taken(folder: Path) -> None:
    catalog = Catalog(folder=folder)
    put(folder, "mine.toml", BAD)
    catalog.refresh()
    put(folder, "mine.toml", GOOD)
    assert catalog.refresh()
    assert "mine" in catalog.models


def test_a_folder_that_goes_leaves_all_as_it_was(folder: Path) -> None:
    put(folder, "mine.toml", GOOD)
    catalog = Catalog(folder=folder)
    folder.rename(folder.with_name("away"))
    assert not catalog.refresh()
    assert "mine" in catalog.models


def test_a_view_of_the_models_stays_whole_while_they_change(folder: Path) -> None:
    put(folder, "mine.toml", GOOD)
    catalog = Catalog(folder=folder)
    view = catalog.models.items()
    (folder / "mine.toml").unlink()
    catalog.refresh()
    assert "mine" in dict(view)
    assert "mine" not in dict(catalog.models)


def test_a_process_does_not_start_on_a_bad_file(folder: Path) -> None:
    put(folder, "mine.toml", BAD)
    with pytest.raises(BadCatalog):
        Catalog(folder=folder)


async def test_a_running_process_follows_the_folder(folder: Path) -> None:
    catalog = Catalog(folder=folder)
    watching = asyncio.create_task(catalog.watch(every_s=0.01))
    put(folder, "mine.toml", GOOD)
    await asyncio.to_thread(eventually, lambda: "mine" in catalog.models, within_s=10)
    watching.cancel()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_a_problem(folder: Path) -> None:
    put(folder, "mine.toml", GOOD)
    (folder / "mine.toml").chmod(0)
    assert "mine.toml: cannot be read" in run("check", folder).output
