"""Answers of the tiny workspace, whose numbers are known, and of the sample county, each run once for all tests."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdf
import pytest

import spacegov
from spacegov.reports.model import Report
from spacegov.reports.of_result import report_of
from spacegov.text import Language
from spacegov.toolbox.result import Result
from spacegov.workspace import Workspace
from tests import trial_tools as _trial_tools  # noqa: F401  the tiny workspace's cards name its functions

VOID = {"meta", "br", "col", "link", "img", "hr", "input", "path", "rect", "circle", "image"}


@pytest.fixture(scope="session")
def tiny(tiny_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The tiny workspace."""
    folder = tmp_path_factory.mktemp("reports") / "tiny"
    shutil.copytree(tiny_template, folder)
    return spacegov.open(folder)


@pytest.fixture(scope="session")
def measured(tiny: Workspace) -> Result:
    """Parcels and town plan measured: 1 300 100 m², of which the plan has 400 000 m² without authoritative data."""
    return tiny.run("trial-measure", places=["artificial.trial-parcels", "planned.trial-town"], vary=True)


@pytest.fixture(scope="session")
def county() -> Workspace:
    """The sample county."""
    return spacegov.open()


@pytest.fixture(scope="session")
def answer_of(county: Workspace) -> Callable[[str], Result]:
    """Run a tool of the sample county, or give its answer from before."""
    return cache(lambda name: county.run(name))


@pytest.fixture(scope="session")
def report_in(answer_of: Callable[[str], Result]) -> Callable[[str, Language], Report]:
    """Write a report of the sample county, or give the one from before."""
    return cache(lambda name, language: report_of(answer_of(name), language))


class Page(HTMLParser):
    """A page as a reader of HTML takes it: tags that close, visible text, attributes."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []
        self.cells: list[list[str]] = []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a tag."""
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th") and self.cells:
            self.cells[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Meet a tag that closes itself."""
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        """Close a tag, which must be the last one opened."""
        if tag in VOID:
            return
        assert self.open[-1:] == [tag], (self.open[-3:], tag)
        self.open.pop()

    def handle_data(self, data: str) -> None:
        """Take text that is seen."""
        if "style" in self.open or "title" in self.open:
            return
        self.text.append(data)
        if self.cells and ("td" in self.open or "th" in self.open):
            self.cells[-1][-1] += data

    @property
    def seen(self) -> str:
        """All visible text."""
        return " ".join(" ".join(self.text).split())


def pdf_text(content: bytes) -> str:
    """Give the text of a PDF, with single spaces."""
    pages = pypdf.PdfReader(BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def without_spaces(text: Any) -> str:
    """Leave out every space, also the narrow ones: a PDF breaks lines where it likes."""
    return "".join(str(text).split()).replace("\u202f", "").replace("\u00a0", "").replace("\u00ad", "")
