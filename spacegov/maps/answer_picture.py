"""The answer as a static picture, for notebooks and documents: SVG on the workspace's ground, with its legend."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.errors import EmptyLayer
from spacegov.maps.picture import PictureLayer, PictureTheme, legend_swatch, picture
from spacegov.text import Language, say

if TYPE_CHECKING:
    from spacegov.toolbox.result import Result

_MARGIN = 0.06
_MOST_ENTRIES = 8


@dataclass(frozen=True, repr=False)
class AnswerPicture:
    """A picture that notebooks show and that can be saved.

    Attributes
    ----------
    svg : str
        An `<svg>` element.
    legend : tuple of (str, str)
        Swatch as SVG, and words.
    title : str
    """

    svg: str
    legend: tuple[tuple[str, str], ...]
    title: str

    def save(self, path: str | Path) -> Path:
        """Write the picture without its legend, as .svg."""
        from spacegov.toolbox.export import require_folder, writing
        from spacegov.toolbox.result import require_suffix

        target = Path(path)
        require_suffix(target, (".svg",))
        require_folder(target)
        with writing(target):
            target.write_text(self.svg, encoding="utf-8")
        return target

    def __repr__(self) -> str:
        return f"<Picture: {self.title}>"

    def _repr_html_(self) -> str:
        entries = "".join(
            f'<span style="display:inline-flex;align-items:center;gap:.4em;margin-right:1.2em">{swatch}'
            f"{escape(words)}</span>"
            for swatch, words in self.legend
        )
        return (
            '<figure style="margin:0;max-width:720px;font:13px/1.6 system-ui,sans-serif">'
            f"{self.svg}<figcaption>{entries}</figcaption></figure>"
        )


def answer_picture(
    result: Result, language: Language, frame: str | None = None, *, width: int = 720, height: int = 450,
    theme: PictureTheme = "auto",
) -> AnswerPicture:  # fmt: skip
    """Draw a frame of a result where it lies.

    Parameters
    ----------
    result : Result
    language : {"en", "zh", "ru"}
    frame : str, optional
        Which frame; the main one by default.
    width, height : int
        In pixels.
    theme : {"auto", "light", "dark"}

    Raises
    ------
    EmptyLayer
        The frame has nothing to draw.
    """
    from spacegov.maps.answers import is_drawable, picture_ground, style_of_result

    shown: Any = result.frame if frame is None else result.frames.get(frame)
    if not is_drawable(shown):
        raise EmptyLayer(
            f"{result.tool.id}: the answer has nothing to draw; ask for another frame, or a wider question"
        )
    style = style_of_result(result, shown)
    title = result.answer(language)
    # Relief would be most of the file; water, roads and borders tell the place as well.
    ground = [layer for layer in picture_ground(result.workspace, shown.crs) if hasattr(layer.data, "columns")]
    layers = [*ground, PictureLayer(shown, style, marks=True)]
    west, south, east, north = map(float, shown.total_bounds if hasattr(shown, "total_bounds") else shown.bounds)
    margin = _MARGIN * max(east - west, north - south, 100.0)
    focus = (west - margin, south - margin, east + margin, north + margin)
    name = f"answer-{result.tool.id}"
    svg = picture(layers, focus, width, height, title=title, theme=theme, language=language, name=name)
    seen: dict[str, str] = {}
    for number, entry in enumerate(style.entries):
        if entry.count != 0:
            words = say(entry.title, language)
            seen.setdefault(words, legend_swatch(entry, style.shape, theme, f"{name}-{number}"))
    legend = tuple((swatch, words) for words, swatch in list(seen.items())[:_MOST_ENTRIES])
    return AnswerPicture(svg, legend, title)
