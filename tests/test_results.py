import datetime
import hashlib
import json
import re
from pathlib import Path

import pytest

from actlab import results

DATA = Path(__file__).parents[1] / "data"
ROWS = [
    {"activation": "relu", "seed": 0, "loss": 0.1 + 0.2, "solved": True},
    {"activation": "tanh", "seed": 1, "loss": 1e-300, "solved": False},
    {"activation": "gelu", "seed": 2, "loss": None, "solved": True},
]


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A folder of stored sets with one in it, `runs`, in place of the project's."""
    monkeypatch.setattr(results, "root", lambda: tmp_path)
    folder = tmp_path / "runs"
    folder.mkdir()
    results.save("runs", ROWS, command="python data/runs/make.py", seconds=12.34, folder=folder, steps=2000)
    return tmp_path


def test_what_was_saved_is_loaded_row_for_row(store):
    assert results.load("runs") == ROWS
    assert [list(row) for row in results.load("runs")] == [list(row) for row in ROWS]


def test_provenance_says_how_a_table_came_to_be(store):
    record = results.provenance("runs")
    assert record["command"] == "python data/runs/make.py"
    assert record["seconds"] == 12.3
    assert record["steps"] == 2000
    assert abs((datetime.date.today() - datetime.date.fromisoformat(record["date"])).days) <= 1
    assert {"actlab", "torch", "numpy", "python"} <= set(record["versions"])
    assert all(re.match(r"\d+\.\d+", number) for number in record["versions"].values())
    assert record["hardware"]["cpus"] >= 1 and record["hardware"]["machine"]
    content = (store / "runs" / "runs.json").read_bytes()
    assert record["sha256"] == hashlib.sha256(content).hexdigest()


def test_a_table_is_text_with_a_line_for_each_row(store):
    lines = (store / "runs" / "runs.json").read_text().splitlines()
    assert len(lines) == len(ROWS) + 2
    assert sorted(path.name for path in (store / "runs").iterdir()) == ["provenance.json", "runs.json"]


def test_an_edited_table_is_refused_by_name(store):
    file = store / "runs" / "runs.json"
    file.write_text(file.read_text().replace('"relu"', '"gelu"'))
    with pytest.raises(ValueError, match=r"^runs\.json was edited after data/runs/make\.py wrote it"):
        results.load("runs")


def test_a_table_with_another_hash_in_its_record_is_refused(store):
    file = store / "runs" / "provenance.json"
    file.write_text(json.dumps(results.provenance("runs") | {"sha256": "0" * 64}))
    with pytest.raises(ValueError, match=r"runs\.json was edited"):
        results.load("runs")


def test_an_unknown_name_is_answered_with_what_is_stored(store, monkeypatch, tmp_path):
    with pytest.raises(KeyError, match=r"no stored result named 'disc'; there are runs"):
        results.load("disc")
    monkeypatch.setattr(results, "root", lambda: tmp_path / "empty")
    with pytest.raises(KeyError, match=r"there are none"):
        results.load("disc")


def failing_at(monkeypatch, ending):
    """Make writing a file of this kind fail halfway, as a full disk does."""
    write = Path.write_text

    def full(path, text, *arguments, **keywords):
        if ending in path.name:
            write(path, text[: len(text) // 2])
            raise OSError("no space left on device")
        return write(path, text, *arguments, **keywords)

    monkeypatch.setattr(Path, "write_text", full)


@pytest.mark.parametrize("ending", ["runs.json", "provenance.json"])
def test_a_write_that_fails_leaves_the_old_table_readable(store, monkeypatch, ending):
    failing_at(monkeypatch, ending)
    with pytest.raises(OSError, match="no space left"):
        results.save("runs", ROWS[:1], command="again", seconds=1, folder=store / "runs")
    monkeypatch.undo()
    monkeypatch.setattr(results, "root", lambda: store)
    assert results.load("runs") == ROWS


def test_a_fact_that_cannot_be_written_leaves_the_old_table_readable(store):
    with pytest.raises(TypeError):
        results.save("runs", ROWS[:1], command="again", seconds=1, folder=store / "runs", facts={1, 2})
    assert results.load("runs") == ROWS


@pytest.mark.parametrize("odd", [{"activation": "elu"}, ROWS[0] | {"more": 1}])
def test_rows_that_do_not_share_their_columns_are_refused(store, odd):
    with pytest.raises((KeyError, ValueError)):
        results.save("runs", [ROWS[0], odd], command="again", seconds=1, folder=store / "runs")
    assert results.load("runs") == ROWS


def test_saving_the_same_rows_writes_the_same_table(store):
    before = (store / "runs" / "runs.json").read_bytes()
    results.save("runs", ROWS, command="again", seconds=1, folder=store / "runs")
    assert (store / "runs" / "runs.json").read_bytes() == before
    assert results.provenance("runs")["command"] == "again"


def missing(folder):
    """What a stored set lacks."""
    return [name for name in ("README.md", "make.py", "provenance.json") if not (folder / name).is_file()]


def test_a_set_without_recipe_or_description_is_noticed(store):
    assert missing(store / "runs") == ["README.md", "make.py"]


def sets():
    """The stored results. What is written by hand, such as data/claims, is none of them."""
    return sorted(path.parent.name for path in DATA.glob("*/make.py"))


def test_every_folder_says_what_is_in_it():
    folders = [folder for folder in DATA.iterdir() if folder.is_dir() and folder.name != "__pycache__"]
    assert [folder.name for folder in folders if not (folder / "README.md").is_file()] == []
    with_numbers = {path.parent.name for path in DATA.glob("*/*.json")}
    assert with_numbers <= set(sets()), "a table that no recipe makes"


def test_the_package_finds_the_stored_sets_of_the_checkout():
    assert results.root().resolve() == DATA.resolve()
    assert sets(), "nothing is stored"


@pytest.mark.parametrize("name", sets())
def test_every_stored_set_has_its_recipe_its_record_and_a_description(name):
    assert missing(DATA / name) == []
    record = results.provenance(name)
    assert {"command", "date", "seconds", "versions", "hardware", "sha256"} <= set(record)
    assert name in record["command"]


@pytest.mark.parametrize("name", [name for name in sets() if (DATA / name / f"{name}.json").is_file()])
def test_every_stored_table_loads(name):
    rows = results.load(name)
    assert rows and all(list(row) == list(rows[0]) for row in rows)
