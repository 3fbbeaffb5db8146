"""A report as one self-contained page: light on every screen, and set for A4 when printed."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from spacegov.reports.charts import share_bar
from spacegov.reports.evidence import sign
from spacegov.reports.model import Picture, Report, Table
from spacegov.reports.pdf import SPLIT_WIDTH
from spacegov.reports.widths import PAGE_MM, widths

if TYPE_CHECKING:
    from jinja2 import Template

_TEMPLATES = Path(__file__).parent / "templates"


def report_html(report: Report) -> str:
    """Lay a report out as a page.

    Parameters
    ----------
    report : Report

    Returns
    -------
    str
        HTML with its style and drawings inside; no script, no request.
    """
    return _template().render(
        report=report,
        css=Markup(_style(report)),  # noqa: S704  our own style, with words written as CSS strings
        bars=[share_bar(split.parts, SPLIT_WIDTH) for split in report.splits],
        gap_sign=sign("not_covered", ""),
        drawn=drawn,
        weights=weights,
        weighted=lambda table: any(weights(table)),
        tall=tall,
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, undefined=StrictUndefined
    )
    return environment.get_template("report.html.j2")


def _style(report: Report) -> str:
    """Give the style, with what stands at the edges of printed pages."""
    words = report.words
    edges = {
        "top-left": f"{report.subject} · {report.territory}",
        "top-right": report.state,
        "bottom-left": f"{words['run']} {report.run} · {report.date}",
        "page": words["page"],
        "page-of": words["page_of"],
        "page-end": words["page_end"],
    }
    # Variables are not known inside page boxes everywhere, so that the words take their place.
    style = (_TEMPLATES / "report.css").read_text(encoding="utf-8")
    for name, text in edges.items():
        style = style.replace(f"var(--{name})", css_string(text))
    family = re.search(r"--font:([^;]+);", style)
    return style.replace("8pt var(--font)", f"8pt {family.group(1) if family else 'sans-serif'}")


def css_string(text: str) -> str:
    r"""Write a text as a CSS string that nothing can end early.

    Examples
    --------
    >>> css_string('a"}</style>')
    '"a\\22 \\7d \\3c \\2f style\\3e "'
    """
    return '"' + "".join(mark if mark.isalnum() or mark in " ·" else f"\\{ord(mark):x} " for mark in text) + '"'


def drawn(picture: Picture, *, fluid: bool = False) -> Markup:
    """Put a drawing into the page, in millimetres or as wide as its place."""
    size = "" if fluid else f' style="width:{picture.width:g}mm;height:{picture.height:g}mm"'
    return Markup(picture.svg.replace("<svg ", f"<svg{size} ", 1))  # noqa: S704  drawn by us, its words escaped


def weights(table: Table) -> list[float]:
    """Give the share of the width that each column of text takes, in per cent; 0 leaves it to what it holds."""
    found = widths(table)
    fixed = sum(width.mm for width in found)
    parts = sum(width.part for width in found)
    room = max(PAGE_MM - fixed, 0.0) / PAGE_MM
    return [round(width.part / parts * room * 100, 1) if width.part else 0.0 for width in found]


def tall(table: Table) -> bool:
    """Tell a table with pictures, which may be parted between its rows."""
    return any(cell.picture is not None and cell.picture.height > 8 for row in table.rows for cell in row)
