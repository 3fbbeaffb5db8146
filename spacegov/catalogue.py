"""Folders of cards, read once and cached by what the files' stat says."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from spacegov import yaml12

_RULES = 2
"""Raised when the rules of `spacegov.yaml12` change, so that what was parsed by older ones is parsed again."""


def cache_folder() -> Path:
    """Give the user's cache folder for spacegov."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "spacegov"


def state_folder() -> Path:
    """Give the user's folder for what spacegov keeps about workspaces it may not write to."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "spacegov"


def read_folder(root: Path, pattern: str = "**/*.yaml") -> dict[Path, Any]:
    """Read every YAML file below a folder.

    The parsed files are kept in the user's cache under the stat of all of them, so that opening 1,200 cards again costs
    a tenth. A cache that cannot be written is done without.

    Parameters
    ----------
    root : Path
        The folder.
    pattern : str
        Which files.

    Returns
    -------
    dict
        Data by path, in the order of paths.
    """
    found = sorted(_matching(str(root), pattern))
    key = hashlib.sha256(repr([_RULES, *found]).encode()).hexdigest()
    files = [Path(name) for name, *_ in found]
    cached = cache_folder() / "cards" / f"{key[:32]}.json"
    with suppress(OSError, ValueError):
        data = json.loads(cached.read_text(encoding="utf-8"))
        if isinstance(data, list) and len(data) == len(files):
            return dict(zip(files, data, strict=True))
    parsed = {file: yaml12.load(file) for file in files}
    with suppress(OSError, TypeError):
        cached.parent.mkdir(parents=True, exist_ok=True)
        temporary = cached.with_suffix(f".{os.getpid()}.part")
        temporary.write_text(json.dumps(list(parsed.values()), ensure_ascii=False), encoding="utf-8")
        temporary.replace(cached)
    return parsed


def _matching(root: str, pattern: str) -> Iterator[tuple[str, int, int]]:
    """Name the files below a folder with their time and size.

    A folder is listed by one call of the system, which tells its files' kinds; 1,200 paths that are compared and asked
    one by one take ten times as long.
    """
    deep, _, wanted = pattern.rpartition("/")
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir():
                    if deep:
                        waiting.append(entry.path)
                elif fnmatch(entry.name, wanted):
                    stat = entry.stat()
                    yield entry.path, stat.st_mtime_ns, stat.st_size


def fact(data: Any, name: str) -> Any:
    """Give a field of a card that is not held to its model yet; a card that is no mapping has none."""
    return data.get(name) if isinstance(data, dict) else None


def phrases(text: Any) -> list[str]:
    """Give the phrases of a text in whatever languages it has."""
    if isinstance(text, dict):
        return [str(phrase) for phrase in text.values()]
    return [] if text is None else [str(text)]


_TELLING = 120
"""Letters in which a word with a slip is looked for: titles and id; in a whole description any word is nearly found."""


class Index:
    """Fuzzy search in three languages over a few thousand entries.

    Parameters
    ----------
    entries : iterable of (str, iterable of str)
        Id and the words it is found by, most telling first.
    """

    def __init__(self, entries: Iterable[tuple[str, Iterable[str]]]) -> None:
        self._ids: list[str] = []
        self._words: list[str] = []
        self._telling: list[str] = []
        for name, words in entries:
            folded = [word.casefold() for word in words]
            self._ids.append(name)
            self._words.append(" \n".join(folded))
            self._telling.append(" \n".join(folded)[:_TELLING])

    def search(self, query: str, limit: int | None = None) -> list[str]:
        """Give ids by relevance: every word found as it is first, then words nearly so."""
        terms = query.casefold().split()
        if not terms:
            return list(self._ids[:limit])
        exact = [
            (sum(words.index(term) for term in terms), position)
            for position, words in enumerate(self._words)
            if all(term in words for term in terms)
        ]
        found = [self._ids[position] for _, position in sorted(exact)]
        if not found:
            found = [self._ids[position] for position in self._near(terms)]
        return found[:limit]

    def _near(self, terms: list[str]) -> Iterator[int]:
        import numpy as np
        from rapidfuzz import fuzz
        from rapidfuzz.process import cdist

        scores = np.minimum.reduce(
            [cdist([term], self._telling, scorer=fuzz.partial_ratio, score_cutoff=70)[0] for term in terms]
        )
        yield from (int(position) for position in np.argsort(-scores, kind="stable") if scores[position] >= 70)


def unique_by(names: Iterable[tuple[str, Path]], complain: Callable[[str, Path, Path], Exception]) -> dict[str, Path]:
    """Collect names with their files, raising what `complain` makes of a name given twice."""
    seen: dict[str, Path] = {}
    for name, path in names:
        if name in seen:
            raise complain(name, seen[name], path)
        seen[name] = path
    return seen
