"""What the frames of an answer are called, for people who read Chinese or Russian too."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from spacegov import yaml12
from spacegov.text import LANGUAGES, Text


@cache
def _known() -> dict[str, Text]:
    known: dict[str, Text] = yaml12.load(Path(__file__).with_name("frames.yaml"))
    return known


def frame_title(name: str) -> Text:
    """Give what a frame is called.

    Examples
    --------
    >>> frame_title("encroachments")["zh"], frame_title("by_rule")["ru"], frame_title("my_frame")
    ('侵占图斑', 'По правилам', {'en': 'my frame'})
    """
    if name in _known():
        return _known()[name]
    from spacegov.reports.sayings import spoken

    plain = name.replace("_", " ")
    told = {language: spoken(f"table {plain}", language) for language in LANGUAGES}
    found: Text = {language: text for language, text in told.items() if not text.startswith("table ")}
    return {"en": plain, **found}


def titled(head: Text, name: str) -> Text:
    """Call a frame by what gave it and its own title; the only frame of an answer is called like the answer.

    Examples
    --------
    >>> titled({"en": "Flood", "zh": "洪水"}, "zones")
    {'en': 'Flood: zones', 'zh': '洪水：分区'}
    >>> titled({"en": "Flood"}, "result")
    {'en': 'Flood'}
    """
    if name == "result":
        return head
    part = frame_title(name)
    return {
        language: f"{text}{'：' if language == 'zh' else ': '}{part.get(language, part['en'])}"
        for language, text in head.items()
    }
