"""Writing reports: a page or a PDF, by the name of the file."""

from __future__ import annotations

import os
from pathlib import Path

from spacegov.reports.model import Report
from spacegov.text import Language
from spacegov.toolbox.export import require_folder, writing
from spacegov.toolbox.result import require_suffix

SUFFIXES = (".html", ".pdf")


def write_report(report: Report, path: str | Path) -> Path:
    """Write a report.

    Parameters
    ----------
    report : Report
    path : path
        `.html` for a self-contained page, `.pdf` for a PDF on A4.

    Returns
    -------
    Path

    Raises
    ------
    BadInput
        The suffix is another one, the folder is missing, or a PDF in Chinese is asked for where no Chinese typeface
        is installed.
    UnreadableFile
        The file may not be written.
    """
    target = Path(path)
    ready_to_write(target, report.language)
    content = _laid_out(report, target)
    temporary = target.with_name(f".{target.stem}.{os.getpid()}.part{target.suffix}")
    with writing(target):
        try:
            temporary.write_bytes(content)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    return target


def ready_to_write(path: Path, language: Language) -> None:
    """Refuse what could not be written: another suffix, a missing folder, a language without a typeface."""
    require_suffix(path, SUFFIXES)
    require_folder(path)
    if path.suffix.lower() == ".pdf":
        from spacegov.reports.fonts import families

        families(language)


def _laid_out(report: Report, target: Path) -> bytes:
    if target.suffix.lower() == ".pdf":
        from spacegov.reports.pdf import report_pdf

        return report_pdf(report)
    from spacegov.reports.html_page import report_html

    return report_html(report).encode("utf-8")
