"""What a run gives: frames, figures, doubts, and everything they stand on."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.errors import BadInput, UnknownName, suggest
from spacegov.text import Language, say
from spacegov.toolbox.provenance import DoubtRecord, Provenance
from spacegov.toolbox.sentence import answer_sentence
from spacegov.toolbox.summary import main_frame
from spacegov.toolbox.tool import Tool
from spacegov.toolbox.words import column_words

if TYPE_CHECKING:
    from spacegov.maps.answer_picture import AnswerPicture
    from spacegov.maps.folium_map import MapTheme
    from spacegov.toolbox.card import Column
    from spacegov.workspace import Workspace


@dataclass(frozen=True)
class Result:
    """The answer to one question.

    Attributes
    ----------
    frames : dict
        Every frame, raster or table of the answer by name; `frame` is the main one.
    summary : dict
        The figures it comes down to.
    provenance : Provenance
        Tool, rules, parameters, inputs, drops, balances, doubts, time.
    not_covered : GeoDataFrame or None
        Ground where an input is not authoritative: no answer there.
    sensitivity : DataFrame or None
        How figures move with the option values the card names.
    folder : Path or None
        The run folder.
    inputs : dict
        The layers that were asked, as the function received them.
    """

    tool: Tool
    workspace: Workspace
    frames: dict[str, Any]
    summary: dict[str, Any]
    provenance: Provenance
    not_covered: Any = None
    sensitivity: Any = None
    folder: Path | None = field(default=None, compare=False)
    inputs: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def frame(self) -> Any:
        """The frame the answer is about."""
        return main_frame(self.frames, self.tool.card)

    @cached_property
    def columns(self) -> dict[str, Column]:
        """Words for the columns of all frames, with units and codes."""
        layers = self.workspace.layers
        names = {str(name) for frame in self.frames.values() for name in getattr(frame, "columns", ())}
        if any(hasattr(frame, "read_codes") for frame in self.frames.values()):
            names.add("value")  # what the cells of a raster are
        asked = [layers.card(record.layer) for record in self.provenance.inputs if record.layer in layers]
        return column_words(self.tool.card, sorted(names), asked, layers.schemes, self.provenance.parameters)

    @property
    def doubts(self) -> list[DoubtRecord]:
        """Reasons to trust the answer less."""
        return self.provenance.doubts

    def answer(self, language: Language | None = None) -> str:
        """Give the answer in one sentence."""
        return answer_sentence(self.tool.card, self.summary, language or self.workspace.settings.language)

    def map(self, *, language: Language | None = None, theme: MapTheme = "auto") -> Any:
        """Draw the answer as a folium map that needs no network."""
        from spacegov.maps.answers import result_map

        return result_map(self, language or self.workspace.settings.language, theme)

    def picture(self, frame: str | None = None, *, language: Language | None = None, **options: Any) -> AnswerPicture:
        """Draw a frame, the main one by default, as a static picture; see `spacegov.maps.answer_picture`."""
        from spacegov.maps.answer_picture import answer_picture

        return answer_picture(self, language or self.workspace.settings.language, frame, **options)

    def plot(self, **options: Any) -> Any:
        """Draw the main frame with matplotlib; options go to `GeoDataFrame.plot`."""
        frame = self.frame
        if not hasattr(frame, "columns"):
            return frame.to_xarray().plot(**options)
        column = self.tool.card.show.colour_by
        if column in frame.columns and "column" not in options and hasattr(frame, "geometry"):
            options = {"column": column, "legend": True, **options}
        return frame.plot(**options)

    def to_file(self, path: str | Path, frame: str | None = None) -> Path:
        """Write a frame: GeoParquet, GPKG, GeoJSON, shapefile or CSV for features, GeoTIFF for rasters, by suffix.

        Parameters
        ----------
        path : path
            Where; the suffix decides the format.
        frame : str, optional
            Which frame; the main one by default.
        """
        from spacegov.toolbox.export import write_any

        return write_any(self._frame(frame), Path(path))

    def to_xlsx(self, path: str | Path) -> Path:
        """Write all tables and a sheet "Sources and method"."""
        from spacegov.toolbox.xlsx import write_xlsx

        return write_xlsx(self, Path(path))

    def report(self, path: str | Path, *, language: Language | None = None) -> Path:
        """Write the report: a self-contained page (.html) or a PDF on A4 (.pdf).

        Question and answer first, what was not answered, map, tables, legal basis, method, what was left out, how much
        the settings matter where the run tried others (`vary=True`), sources, gaps, area balance, signatures.
        """
        from spacegov.reports.of_result import report_of
        from spacegov.reports.write import write_report

        return write_report(report_of(self, language), path)

    def _frame(self, name: str | None) -> Any:
        if name is None:
            return self.frame
        if name not in self.frames:
            raise UnknownName(f"{self.tool.id}: there is no frame {name!r}; {suggest(name, self.frames)}")
        return self.frames[name]

    def to_json(self, files: dict[str, str] | None = None) -> dict[str, Any]:
        """Give what `spacegov run --json` prints."""
        return {
            "tool": self.tool.id,
            "status": "done",
            "answer": self.answer("en"),
            "rows": self.summary.get("rows", 0),
            "summary": self.summary,
            "provenance": self.provenance.model_dump(mode="json"),
            "files": files or {},
        }

    def __repr__(self) -> str:
        doubts = f", {len(self.doubts)} doubts" if self.doubts else ""
        return f"<Result {self.tool.id}: {self.answer()}{doubts}>"

    def _repr_html_(self) -> str:
        from spacegov.toolbox.html import result_html

        return result_html(self)


def column_title(result: Result, column: str, language: Language) -> str:
    """Give the words for a column of a result, with its unit."""
    words = result.columns.get(column)
    if words is None:
        return column
    title = say(words.title, language)
    return f"{title} ({words.unit})" if words.unit else title


def require_suffix(path: Path, allowed: tuple[str, ...]) -> None:
    """Refuse a file name whose suffix names no format we write."""
    if path.suffix.lower() not in allowed:
        raise BadInput(f"{path}: the suffix {path.suffix!r} names no format that fits; use one of {', '.join(allowed)}")
