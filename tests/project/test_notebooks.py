"""The notebooks: they run from start to end, and what lies beside their sources was made of them."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from docs.notebooks.build import HERE, LARGEST, NAMES, notebook, run, size


def test_every_source_has_a_notebook_and_is_built() -> None:
    sources = {path.stem for path in HERE.glob("*.py")} - {"__init__", "build"}
    assert sources == set(NAMES) == {path.stem for path in HERE.glob("*.ipynb")}


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_that_of_its_source(name: str) -> None:
    kept, made = nbformat.read(HERE / f"{name}.ipynb", as_version=4), notebook(name)
    told = f"{name}.ipynb is old: run python -m docs.notebooks.build {name}"
    assert [(cell.cell_type, cell.source) for cell in kept.cells] == [
        (cell.cell_type, cell.source) for cell in made.cells
    ], told
    nbformat.validate(kept)
    outputs = [output for cell in kept.cells for output in cell.get("outputs", [])]
    assert outputs, told
    assert not [output for output in outputs if output.output_type == "error"]
    assert size(kept) < LARGEST
    assert not re.search(r"/(work|home|tmp|root)/", str(outputs)), "an output names a path of one machine"


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs(name: str, tmp_path: Path) -> None:
    book = notebook(name)
    run(book, tmp_path)
    assert all(cell.execution_count for cell in book.cells if cell.cell_type == "code")
    assert size(book) < LARGEST
