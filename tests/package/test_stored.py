import datetime
import hashlib
import json
import re
from pathlib import Path

import pytest
from recipes import recipe_of

from actlab import results, stored

DATA = Path(__file__).parents[2] / "data"
ROWS = [
    {"activation": "relu", "seed": 0, "loss": 0.1 + 0.2, "solved": True},
    {"activation": "tanh", "seed": 1, "loss": 1e-300, "solved": False},
    {"activation": "gelu", "seed": 2, "loss": None, "solved": True},
]


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A folder of stored sets with one in it, `runs`, in place of the project's."""
    monkeypatch.setattr(stored, "root", lambda: tmp_path)
    folder = tmp_path / "runs"
    folder.mkdir()
    stored.save("runs", ROWS, command="python data/runs/make.py", seconds=12.34, folder=folder, steps=2000)
    return tmp_path


def test_what_was_saved_is_loaded_row_for_row(store):
    assert stored.load("runs") == ROWS
    assert [list(row) for row in stored.load("runs")] == [list(row) for row in ROWS]


def test_provenance_says_how_a_table_came_to_be(store):
    record = stored.provenance("runs")
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
    lines = (store / "runs" / "runs.json").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(ROWS) + 2
    assert sorted(path.name for path in (store / "runs").iterdir()) == ["provenance.json", "runs.json"]


def test_an_edited_table_is_refused_by_name(store):
    file = store / "runs" / "runs.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"relu"', '"gelu"'), encoding="utf-8")
    with pytest.raises(ValueError, match=r"^runs\.json was edited after data/runs/make\.py wrote it"):
        stored.load("runs")


def test_a_table_with_another_hash_in_its_record_is_refused(store):
    file = store / "runs" / "provenance.json"
    file.write_text(json.dumps(stored.provenance("runs") | {"sha256": "0" * 64}), encoding="utf-8")
    with pytest.raises(ValueError, match=r"runs\.json was edited"):
        stored.load("runs")


def test_an_unknown_name_is_answered_with_what_is_stored(store, monkeypatch, tmp_path):
    with pytest.raises(KeyError, match=r"no stored result named 'disc'; there are runs"):
        stored.load("disc")
    monkeypatch.setattr(stored, "root", lambda: tmp_path / "empty")
    with pytest.raises(KeyError, match=r"there are none"):
        stored.load("disc")


def failing_at(monkeypatch, ending):
    """Make writing a file of this kind fail halfway, as a full disk does."""
    write = Path.write_bytes

    def full(path, content):
        if ending in path.name:
            write(path, content[: len(content) // 2])
            raise OSError("no space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)


@pytest.mark.parametrize("ending", ["runs.json", "provenance.json"])
def test_a_write_that_fails_leaves_the_old_table_readable(store, monkeypatch, ending):
    failing_at(monkeypatch, ending)
    with pytest.raises(OSError, match="no space left"):
        stored.save("runs", ROWS[:1], command="again", seconds=1, folder=store / "runs")
    monkeypatch.undo()
    monkeypatch.setattr(stored, "root", lambda: store)
    assert stored.load("runs") == ROWS


def test_a_fact_that_cannot_be_written_leaves_the_old_table_readable(store):
    with pytest.raises(TypeError):
        stored.save("runs", ROWS[:1], command="again", seconds=1, folder=store / "runs", facts={1, 2})
    assert stored.load("runs") == ROWS


@pytest.mark.parametrize("odd", [{"activation": "elu"}, ROWS[0] | {"more": 1}])
def test_rows_that_do_not_share_their_columns_are_refused(store, odd):
    with pytest.raises((KeyError, ValueError)):
        stored.save("runs", [ROWS[0], odd], command="again", seconds=1, folder=store / "runs")
    assert stored.load("runs") == ROWS


@pytest.mark.parametrize("none", [[], {}, {"runs": ROWS, "curves": []}], ids=["one", "none", "several"])
def test_a_table_without_rows_takes_the_place_of_none(store, none):
    with pytest.raises(ValueError, match=r"(runs|curves) has no rows, so nothing was written"):
        stored.save("runs", none, command="again", seconds=1, folder=store / "runs")
    assert stored.load("runs") == ROWS and stored.provenance("runs")["command"] != "again"


@pytest.mark.parametrize("name", ["images", "adaptive", "transformers"])
def test_tables_of_a_folder_without_stores_stay_as_they_are(name, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["make.py", "--tables", str(tmp_path)])
    monkeypatch.setattr(results, "save", None)  # nothing comes to that
    with pytest.raises(SystemExit):
        recipe_of(name).main()
    assert "so the tables stay as they are" in capsys.readouterr().err


def test_saving_the_same_rows_writes_the_same_table(store):
    before = (store / "runs" / "runs.json").read_bytes()
    stored.save("runs", ROWS, command="again", seconds=1, folder=store / "runs")
    assert (store / "runs" / "runs.json").read_bytes() == before
    assert stored.provenance("runs")["command"] == "again"


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
    # in the checkout itself, or, from an installed package, in its own copy
    assert sets(), "nothing is stored"
    for name in sets():
        record = Path(name, "provenance.json")
        assert (stored.root() / record).read_bytes() == (DATA / record).read_bytes()


@pytest.mark.parametrize("name", sets())
def test_every_stored_set_has_its_recipe_its_record_and_a_description(name):
    assert missing(DATA / name) == []
    record = stored.provenance(name)
    assert {"command", "date", "seconds", "versions", "hardware", "sha256"} <= set(record)
    assert name in record["command"]


def tables(name):
    """The tables of a stored set."""
    sums = stored.provenance(name)["sha256"]
    return [name] if isinstance(sums, str) else list(sums)


@pytest.mark.parametrize("name", sets())
def test_every_stored_table_loads(name):
    for table in tables(name):
        if Path(table).suffix:  # no table but a file, such as one of pictures
            assert stored.read(name, table)
            continue
        rows = stored.load(name, table)
        assert rows and all(list(row) == list(rows[0]) for row in rows)


# --- several tables in one set

CURVES = [{"step": 0, "loss": 0.7}, {"step": 1, "loss": 0.5}]


@pytest.fixture
def several(store):
    """A second set, `study`, of two tables."""
    (store / "study").mkdir()
    tables = {"draws": ROWS, "curves": CURVES}
    stored.save("study", tables, command="python data/study/make.py", seconds=1, folder=store / "study")
    return store


def test_a_set_may_have_several_tables_under_one_record(several):
    assert stored.load("study", "draws") == ROWS
    assert stored.load("study", "curves") == CURVES
    assert stored.load("runs", "runs") == stored.load("runs") == ROWS
    names = sorted(path.name for path in (several / "study").iterdir())
    assert names == ["curves.json", "draws.json", "provenance.json"]
    sums = stored.provenance("study")["sha256"]
    for name in ("draws", "curves"):
        assert sums[name] == hashlib.sha256((several / "study" / f"{name}.json").read_bytes()).hexdigest()


def test_a_table_that_is_not_there_is_answered_with_those_that_are(several):
    with pytest.raises(KeyError, match=r"'study' has several tables, name one: draws, curves"):
        stored.load("study")
    with pytest.raises(
        KeyError, match=r"'study' has no table named 'curve'; did you mean 'curves'\? there are draws,"
    ):
        stored.load("study", "curve")
    with pytest.raises(KeyError, match=r"'runs' has no table named 'draws'; there are runs"):
        stored.load("runs", "draws")
    with pytest.raises(KeyError, match=r"no stored result named 'studi'; did you mean 'study'"):
        stored.load("studi", "draws")


def test_an_edited_table_is_refused_and_its_neighbour_is_not(several):
    file = several / "study" / "curves.json"
    file.write_text(file.read_text(encoding="utf-8").replace("0.5", "0.4"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"^curves\.json was edited after data/study/make\.py wrote it"):
        stored.load("study", "curves")
    assert stored.load("study", "draws") == ROWS


@pytest.mark.parametrize("ending", ["draws.json", "curves.json", "provenance.json"])
def test_of_several_tables_all_are_written_or_none(several, monkeypatch, ending):
    failing_at(monkeypatch, ending)
    with pytest.raises(OSError, match="no space left"):
        tables = {"draws": ROWS[:1], "curves": CURVES[:1]}
        stored.save("study", tables, command="again", seconds=1, folder=several / "study")
    monkeypatch.undo()
    monkeypatch.setattr(stored, "root", lambda: several)
    assert stored.load("study", "draws") == ROWS and stored.load("study", "curves") == CURVES


@pytest.mark.parametrize("ending", ["draws.json", "curves.json", "provenance.json"])
def test_a_set_whose_writing_fails_leaves_no_draft_behind(several, monkeypatch, ending):
    before = sorted(path.name for path in (several / "study").iterdir())
    failing_at(monkeypatch, ending)
    with pytest.raises(OSError, match="no space left"):
        tables = {"draws": ROWS[:1], "curves": CURVES[:1]}
        stored.save("study", tables, command="again", seconds=1, folder=several / "study")
    assert sorted(path.name for path in (several / "study").iterdir()) == before


@pytest.mark.parametrize("fails_at", [0, 1, 2])
def test_a_set_of_which_only_some_files_are_new_is_refused(several, monkeypatch, fails_at):
    # the disk fails between two renamings: whichever file it is, no mixture of old and new is read
    replace, done = Path.replace, []

    def failing(path, to):
        if len(done) == fails_at:
            raise OSError("the disk failed")
        done.append(to.name)
        return replace(path, to)

    tables = {"draws": ROWS[:1], "curves": CURVES[:1]}
    with monkeypatch.context() as patch, pytest.raises(OSError, match="the disk failed"):
        patch.setattr(Path, "replace", failing)
        stored.save("study", tables, command="again", seconds=1, folder=several / "study")
    assert "provenance.json" not in done and len(done) == fails_at
    for table, rows in [("draws", ROWS), ("curves", CURVES)]:
        if f"{table}.json" in done:
            with pytest.raises(ValueError, match=rf"{table}\.json was edited after"):
                stored.load("study", table)
        else:
            assert stored.load("study", table) == rows
    assert len(list((several / "study").iterdir())) == 3


BAD_RECORDS = {
    "no JSON": (b"{", r"Expecting property name"),
    "no text": (b"\xff\xfe", "can't decode"),
    "a list": (b"[]", "list indices"),
    "a number": (b"3", "not subscriptable"),
    "no checksums": (b"{}", "it has no entry 'sha256'"),
    "checksums that are a number": (b'{"sha256": 3}', "not iterable"),
    "checksums that are none": (b'{"sha256": {"runs": null}}', "no checksum and no checksums by name"),
    "endless brackets": (b"[" * 100_000, "recursion"),
}


@pytest.mark.parametrize("content, said", BAD_RECORDS.values(), ids=BAD_RECORDS)
def test_a_record_that_is_damaged_is_named_in_one_line(store, content, said):
    (store / "runs" / "provenance.json").write_bytes(content)
    for use in (stored.provenance, stored.load, lambda name: stored.read(name, "runs.json")):
        with pytest.raises(ValueError, match=rf"provenance\.json of data/runs is damaged .*{said}") as refusal:
            use("runs")
        assert "\n" not in str(refusal.value)


def test_a_table_that_is_missing_or_of_another_form_is_named_in_one_line(store):
    file, record = store / "runs" / "runs.json", stored.provenance("runs")
    for content in (b"[1, 2]", b'{"columns": ["a"], "rows": [[1, 2]]}', b'{"rows": []}', b"loss"):
        file.write_bytes(content)
        sums = {"sha256": hashlib.sha256(content).hexdigest()}
        (store / "runs" / "provenance.json").write_text(json.dumps(record | sums), encoding="utf-8")
        with pytest.raises(ValueError, match=r"^runs\.json of data/runs is no table of columns and rows$"):
            stored.load("runs")
    file.unlink()
    with pytest.raises(ValueError, match=r"^runs\.json is missing from data/runs; run data/runs/make\.py again$"):
        stored.load("runs")
    with pytest.raises(KeyError, match=r"the record of data/runs names no 'run\.json'; did you mean 'runs\.json'"):
        stored.read("runs", "run.json")


# --- files that are no tables


def test_files_are_kept_read_and_refused_when_they_were_edited(store):
    (store / "pictures").mkdir()
    files = {"a.bin": bytes(range(256)), "b.txt": b"ink"}
    stored.keep(files, command="paint", seconds=1.25, folder=store / "pictures", origin={"package": "brush"})
    assert {name: stored.read("pictures", name) for name in files} == files
    record = stored.provenance("pictures")
    assert record["command"] == "paint" and record["origin"] == {"package": "brush"}
    assert record["sha256"]["b.txt"] == hashlib.sha256(b"ink").hexdigest() == stored.sha256(b"ink")
    with pytest.raises(KeyError, match=r"has no table but files: a.bin, b.txt"):
        stored.load("pictures")
    (store / "pictures" / "b.txt").write_bytes(b"inl")
    with pytest.raises(ValueError, match=r"^b.txt was edited after data/pictures/make.py wrote it; run the recipe"):
        stored.read("pictures", "b.txt")
