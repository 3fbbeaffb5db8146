"""Make the notebooks from their sources: `python -m docs.notebooks.build [NAME …]`.

A source is a Python file with `# %%` before each cell, as editors know it. The notebook is run from its start to its
end; what is kept of the outputs is small.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
NAMES = ("integration", "protection", "use", "security", "three_zones")
LARGEST = 400_000
_CELL = re.compile(r"^# %%(.*)$", re.MULTILINE)


def cells(text: str) -> list[tuple[str, str]]:
    r"""Split a source into cells: what kind, and what it says.

    Examples
    --------
    >>> cells("# %% [markdown]\n# # Head\n#\n# Text.\n\n# %%\n1 + 1\n")
    [('markdown', '# Head\n\nText.'), ('code', '1 + 1')]
    """
    parts = _CELL.split(text)[1:]
    found = []
    for kind, body in zip(parts[::2], parts[1::2], strict=True):
        if "markdown" in kind:
            lines = (line.removeprefix("#").removeprefix(" ") for line in body.strip().splitlines())
            found.append(("markdown", "\n".join(lines)))
        else:
            found.append(("code", body.strip()))
    return found


def notebook(name: str) -> Any:
    """Make a notebook of a source, not yet run."""
    book = nbformat.v4.new_notebook()
    book.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    text = (HERE / f"{name}.py").read_text(encoding="utf-8")
    for number, (kind, source) in enumerate(cells(text)):
        make = nbformat.v4.new_markdown_cell if kind == "markdown" else nbformat.v4.new_code_cell
        book.cells.append(make(source, id=f"{name.replace('_', '-')}-{number}"))
    return book


def run(book: Any, folder: Path) -> None:
    """Run a notebook in a folder that is no workspace, so that it opens the sample county.

    Raises
    ------
    CellExecutionError
        A cell failed.
    """
    paths = [str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "PYTHONWARNINGS": "ignore"}
    # Scenario and batch tell times; everything else in the outputs is the same in every run.
    client = NotebookClient(
        book,
        timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env=environment)


def size(book: Any) -> int:
    """Count the characters of all outputs."""
    return sum(len(str(output)) for cell in book.cells for output in cell.get("outputs", []))


def main() -> None:
    """Make the notebooks named, all by default."""
    for name in sys.argv[1:] or NAMES:
        book = notebook(name)
        with tempfile.TemporaryDirectory() as folder:
            run(book, Path(folder))
        for cell in book.cells:
            cell.metadata.pop("execution", None)
        nbformat.write(book, HERE / f"{name}.ipynb")
        print(f"{name}: {size(book):,} characters of output")


if __name__ == "__main__":
    main()
