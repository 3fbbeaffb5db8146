"""A report as a PDF: typst sets it from data, so that no text of a report is ever read as markup."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from spacegov.reports.charts import share_bar
from spacegov.reports.evidence import sign
from spacegov.reports.fonts import MONOSPACED, families, installed
from spacegov.reports.model import Report, Table
from spacegov.reports.widths import widths

SPLIT_WIDTH = 134.0


def report_pdf(report: Report) -> bytes:
    """Set a report as a PDF.

    Parameters
    ----------
    report : Report

    Returns
    -------
    bytes
        A tagged PDF on A4. The same report and typefaces give the same bytes.

    Raises
    ------
    BadInput
        The report is in Chinese and no Chinese typeface is installed.
    """
    import typst

    faces = families(report.language)
    monospaced = [face for face in MONOSPACED if face in installed()] + faces
    template = (Path(__file__).parent / "templates" / "report.typ").read_bytes()
    return typst.compile(
        template,
        format="pdf",
        sys_inputs={
            "report": json.dumps(report_data(report), ensure_ascii=False),
            "families": json.dumps(faces),
            "monospaced": json.dumps(monospaced),
        },
        timestamp=int(report.made.timestamp()),
    )


def report_data(report: Report) -> dict[str, Any]:
    """Give a report as plain data, with the drawings that its layout needs."""
    data = {field.name: _plain(getattr(report, field.name)) for field in fields(report)}
    made = report.made
    data["made"] = {name: getattr(made, name) for name in ("year", "month", "day", "hour", "minute", "second")}
    data["gap_sign"] = _plain(sign("not_covered", ""))
    for split, drawn in zip(report.splits, data["splits"], strict=True):
        drawn["picture"] = _plain(share_bar(split.parts, SPLIT_WIDTH))
    return data


def _plain(value: Any) -> Any:
    """Turn the model into what JSON holds; each block carries its kind."""
    if is_dataclass(value) and not isinstance(value, type):
        found = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        kind = getattr(value, "kind", None)
        if isinstance(value, Table):
            found["widths"] = [_plain(width) for width in widths(value)]
        return {**found, "kind": kind} if isinstance(kind, str) else found
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return value
