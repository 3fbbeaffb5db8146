"""Reports as files: a page a reader of HTML takes, a PDF whose text comes back, and texts that stay text."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import geopandas as gpd
import pypdf
import pytest
from shapely import box

from spacegov.errors import BadInput
from spacegov.reports import fonts
from spacegov.reports.html_page import css_string, report_html
from spacegov.reports.model import Report
from spacegov.reports.of_result import report_of
from spacegov.reports.pdf import report_pdf
from spacegov.text import LANGUAGES, Language
from spacegov.toolbox.result import Result
from spacegov.workspace import Workspace
from tests.reports.conftest import Page, pdf_text, without_spaces

HOSTILE = ["<script>alert(1)</script>", "#let x = panic()", "*bold* _it_ $x$ @ref <label>", "</style></svg>]]>", '"&\\']


@pytest.fixture(scope="session")
def hostile(county: Workspace) -> Result:
    """Two plans whose names, uses and titles are written to break a page or a program that sets type."""
    town = gpd.GeoDataFrame(
        {"use": [HOSTILE[0], HOSTILE[1]], "plan": [HOSTILE[2], HOSTILE[2]]},
        geometry=[box(500_000, 3_200_000, 500_300, 3_200_300), box(500_400, 3_200_000, 500_700, 3_200_300)],
        crs="EPSG:4549",
    )
    farm = gpd.GeoDataFrame(
        {"use": [HOSTILE[4]], "plan": [HOSTILE[3]], "control": ["basic-farmland"]},
        geometry=[box(500_100, 3_200_100, 500_600, 3_200_200)],
        crs="EPSG:4549",
    )
    town.attrs, farm.attrs = {"title": HOSTILE[0], "layer": HOSTILE[1]}, {"title": HOSTILE[3], "layer": HOSTILE[2]}
    return county.run("detect-plan-conflict", plans=[town, farm])


@pytest.fixture(scope="session")
def pdf_in(report_in: Callable[[str, Language], Report]) -> Callable[[Language], bytes]:
    """Set the same answer in a language, once."""
    known: dict[Language, bytes] = {}

    def set_in(language: Language) -> bytes:
        if language == "zh" and not fonts.can_set("zh"):
            pytest.skip("no Chinese typeface is installed (Debian: apt install fonts-noto-cjk)")
        if language not in known:
            known[language] = report_pdf(report_in("monitor-encroachment", language))
        return known[language]

    return set_in


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_whole_and_asks_for_nothing(
    report_in: Callable[[str, Language], Report], language: Language
) -> None:
    report = report_in("monitor-encroachment", language)
    text = report_html(report)
    page = Page(text)
    assert f'<html lang="{language}">' in text
    assert "script" not in page.tags
    asked = [value for name, value in page.attributes if name in ("src", "href", "xlink:href", "action")]
    assert all(value is not None and value.startswith(("#", "data:image/png;base64,")) for value in asked)
    assert "url(http" not in text
    assert "@import" not in text
    assert report.question in page.seen
    assert "".join(run.text for run in report.answer[0]).split()[0] in page.seen
    for section in report.sections:
        assert section.title in page.seen
    assert page.tags.count("section") == len(report.sections)


def test_patterns_of_all_pictures_have_names_of_their_own(report_in: Callable[[str, Language], Report]) -> None:
    page = Page(report_html(report_in("monitor-encroachment", "en")))
    names = [value for name, value in page.attributes if name == "id"]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_of_the_pdf_comes_back(
    report_in: Callable[[str, Language], Report], pdf_in: Callable[[Language], bytes], language: Language
) -> None:
    report = report_in("monitor-encroachment", language)
    content = pdf_in(language)
    seen = without_spaces(pdf_text(content))
    assert without_spaces(report.question) in seen
    assert without_spaces("".join(run.text for run in report.answer[0])) in seen
    for section in report.sections:
        assert without_spaces(section.title) in seen
    for figure in report.figures:
        assert without_spaces(figure.title) in seen
        assert without_spaces(figure.value) in seen


def test_the_pdf_is_a4_tagged_and_says_what_it_is(pdf_in: Callable[[Language], bytes]) -> None:
    reader = pypdf.PdfReader(BytesIO(pdf_in("ru")))
    for page in reader.pages:
        assert [round(float(size)) for size in page.mediabox[2:]] == [595, 842]
    assert reader.metadata is not None
    assert reader.metadata.title == report_title(reader)
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "ru"
    assert root["/MarkInfo"]["/Marked"]
    assert 4 <= len(reader.pages) <= 10


def report_title(reader: pypdf.PdfReader) -> str:
    """The title that stands on the first page, as the metadata has it."""
    title = reader.metadata.title if reader.metadata is not None else None
    assert title is not None
    assert without_spaces(title) in without_spaces(reader.pages[0].extract_text())
    return title


def test_every_typeface_is_embedded(pdf_in: Callable[[Language], bytes]) -> None:
    reader = pypdf.PdfReader(BytesIO(pdf_in("ru")))
    for page in reader.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()
            assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(inner["/FontDescriptor"].keys())


def test_the_same_report_gives_the_same_bytes(
    report_in: Callable[[str, Language], Report], pdf_in: Callable[[Language], bytes]
) -> None:
    report = report_in("monitor-encroachment", "en")
    assert report_pdf(report) == pdf_in("en")
    assert report_html(report) == report_html(report)


def test_hostile_texts_stay_text_on_the_page(hostile: Result) -> None:
    text = report_html(report_of(hostile, "en"))
    page = Page(text)
    assert "script" not in page.tags
    assert not any(name.startswith("on") for name, _ in page.attributes)
    for told in HOSTILE[:4]:
        assert told in page.seen, told


def test_hostile_texts_stay_text_in_the_pdf(hostile: Result) -> None:
    seen = without_spaces(pdf_text(report_pdf(report_of(hostile, "en"))))
    for told in HOSTILE[:4]:
        assert without_spaces(told) in seen, told


@pytest.mark.parametrize("text", HOSTILE)
def test_words_at_the_edge_of_a_page_cannot_leave_their_string(text: str) -> None:
    written = css_string(text)
    assert written[0] == written[-1] == '"'
    assert not {'"', "<", ">", "}", ";"} & set(written[1:-1])


def test_a_chinese_pdf_without_a_chinese_typeface_is_refused_in_words(
    report_in: Callable[[str, Language], Report], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = report_in("monitor-encroachment", "zh")
    monkeypatch.setattr(fonts, "installed", lambda: frozenset({"Libertinus Serif", "DejaVu Sans Mono"}))
    with pytest.raises(BadInput, match=r"no Chinese typeface is installed.*fonts-noto-cjk"):
        report_pdf(report)
    assert fonts.families("ru") == ["Libertinus Serif"]
    assert "兰河县" in report_html(report)


def test_result_writes_its_report_by_suffix(measured: Result, tmp_path: Path) -> None:
    page = measured.report(tmp_path / "r.html", language="ru")
    assert "Подписи" in Page(page.read_text(encoding="utf-8")).seen
    assert measured.report(tmp_path / "r.pdf").read_bytes().startswith(b"%PDF")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.html", "r.pdf"]


def test_other_suffixes_and_missing_folders_are_refused(measured: Result, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"'.docx' names no format that fits; use one of .html, .pdf"):
        measured.report(tmp_path / "r.docx")
    with pytest.raises(BadInput, match="make it first"):
        measured.report(tmp_path / "none" / "r.pdf")
    assert not list(tmp_path.iterdir())


def test_the_page_prints_without_overflow(report_in: Callable[[str, Language], Report], tmp_path: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("Chromium is not installed (Debian: apt install chromium)")
    path = tmp_path / "r.html"
    path.write_text(report_html(report_in("monitor-encroachment", "en")), encoding="utf-8")
    target = tmp_path / "r.pdf"
    subprocess.run(
        [
            chromium,
            "--headless=new",
            "--no-sandbox",
            "--no-pdf-header-footer",
            f"--print-to-pdf={target}",
            path.as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    reader = pypdf.PdfReader(target)
    assert 4 <= len(reader.pages) <= 12
    first, last = (reader.pages[i].extract_text() for i in (0, -1))
    assert "Which changes of the ground" in " ".join(first.split())
    assert f"Page {len(reader.pages)} of {len(reader.pages)}" in " ".join(last.split())
    for page in reader.pages:
        assert [round(float(size)) for size in page.mediabox[2:]] in ([595, 842], [596, 842], [595, 841])
