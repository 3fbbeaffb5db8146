"""Reading YAML by the 1.2 core rules.

YAML 1.1 loaders turn the land code `0101` into 65, `no` into False and leave `1e-6` a string. Here only `true`,
`false`, `null`, decimal integers without leading zero and floats are anything but text; keys are text as they are
written, so that the code `1` of a list stays `"1"`. The C parser keeps 1,200 cards below a third of a second.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from spacegov.errors import BadCard, UnreadableFile

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_TAG = "tag:yaml.org,2002:"
_PLAIN = (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(?:\.inf|\.Inf|\.INF)|(?:\.nan|\.NaN|\.NAN)", "-+."),
    (
        "float",
        r"[-+]?(?:(?:0|[1-9][0-9]*)\.[0-9]*(?:[eE][-+]?[0-9]+)?|\.[0-9]+(?:[eE][-+]?[0-9]+)?"
        r"|(?:0|[1-9][0-9]*)[eE][-+]?[0-9]+)",
        "-+.0123456789",
    ),
)
"""Scalars that are not text: their tag, how they are written, and with which letters they begin."""
_BY_FIRST: dict[str, list[tuple[str, re.Pattern[str]]]] = {"": [(f"{_TAG}null", re.compile(""))]}
for _tag, _pattern, _firsts in _PLAIN:
    for _first in _firsts:
        _BY_FIRST.setdefault(_first, []).append((f"{_TAG}{_tag}", re.compile(_pattern)))
_DEFAULT = {yaml.ScalarNode: f"{_TAG}str", yaml.SequenceNode: f"{_TAG}seq", yaml.MappingNode: f"{_TAG}map"}


class _Loader(_Base):  # type: ignore[misc]
    """A safe loader with the resolver of YAML 1.2, which the parser asks about every node."""

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        """Nothing depends on the path of a node."""

    def ascend_resolver(self) -> None:
        """Nothing depends on the path of a node."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        """Give the tag of a node that is written without one."""
        if kind is yaml.ScalarNode and implicit[0]:
            for tag, pattern in _BY_FIRST.get(value[:1], ()):
                if pattern.fullmatch(value):
                    return tag
        return _DEFAULT[kind]


def _float(text: str) -> float:
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


_SCALARS: dict[str, Callable[[str], Any]] = {
    f"{_TAG}str": str,
    f"{_TAG}bool": lambda text: text.lower() == "true",
    f"{_TAG}null": lambda _: None,
    f"{_TAG}int": int,
    f"{_TAG}float": _float,
}


def _value(node: Any, known: dict[int, Any]) -> Any:
    """Build what a node says; one that is named again is the same object."""
    if isinstance(node, yaml.ScalarNode):
        build = _SCALARS.get(node.tag)
        if build is None:
            raise _fault(f"there is no tag {node.tag.removeprefix(_TAG)!r} here", node)
        try:
            return build(node.value)
        except ValueError:
            raise _fault(f"{node.value!r} is no {node.tag.removeprefix(_TAG)}", node) from None
    if node.tag != _DEFAULT[type(node)]:
        raise _fault(f"there is no tag {node.tag.removeprefix(_TAG)!r} here", node)
    if id(node) in known:
        if known[id(node)] is None:
            raise _fault("it holds itself", node)
        return known[id(node)]
    known[id(node)] = None
    if isinstance(node, yaml.SequenceNode):
        found: Any = [_value(each, known) for each in node.value]
    else:
        found = {}
        for key, value in node.value:
            if not isinstance(key.value, str):
                raise _fault("a key must be plain text", key)
            if key.value in found:
                # YAML would silently let the last one win.
                raise _fault(f"the key {key.value!r} is given twice", key)
            found[key.value] = _value(value, known)
    known[id(node)] = found
    return found


def _fault(problem: str, node: Any) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


def loads(text: str, source: str = "<text>") -> Any:
    """Read a YAML text.

    Parameters
    ----------
    text : str
        The document.
    source : str
        Its name in error messages.

    Raises
    ------
    BadCard
        When the text is no YAML; the message names file and line.

    Examples
    --------
    >>> loads("{code: 0101, answer: no, tolerance: 1e-6, day: 2025-01-01}")
    {'code': '0101', 'answer': 'no', 'tolerance': 1e-06, 'day': '2025-01-01'}
    """
    try:
        node = yaml.compose(text, Loader=_Loader)
        return None if node is None else _value(node, {})
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise BadCard(f"{source}{line}: this is not valid YAML ({problem}); mend that line") from None


def load(path: Path) -> Any:
    """Read a YAML file."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadCard(f"{path}: the file is not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise UnreadableFile(f"{path}: the file cannot be read ({error.strerror}); check path and rights") from None
    return loads(text, str(path))


def line_of(text: str, location: tuple[str | int, ...]) -> int | None:
    r"""Give the line (from 1) of a field, for the message about a bad one.

    Parameters
    ----------
    text : str
        The document.
    location : tuple
        Path of keys and positions from the root; the deepest part that exists decides.

    Examples
    --------
    >>> line_of("title: {en: A}\nkind: X\n", ("kind",))
    2
    """
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError:
        return None
    line: int | None = None
    for part in location:
        if isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line
