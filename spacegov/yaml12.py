"""Reading YAML by the 1.2 core rules.

YAML 1.1 loaders turn the land code `0101` into 65, `no` into False and leave `1e-6` a string. Here only `true`,
`false`, `null`, decimal integers without leading zero and floats are anything but text; keys are text as they are
written, so that the code `1` of a list stays `"1"`. The C parser keeps 1,200 cards below half a second.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

import yaml

from spacegov.errors import BadCard, UnreadableFile

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """A safe loader with the resolver of YAML 1.2."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}


for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.inf|\.Inf|\.INF)$|^(?:\.nan|\.NaN|\.NAN)$", "-+."),
    (
        "float",
        r"^[-+]?(?:(?:0|[1-9][0-9]*)\.[0-9]*(?:[eE][-+]?[0-9]+)?|\.[0-9]+(?:[eE][-+]?[0-9]+)?"
        r"|(?:0|[1-9][0-9]*)[eE][-+]?[0-9]+)$",
        "-+.0123456789",
    ),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def _float(loader: Any, node: Any) -> float:
    return float(loader.construct_scalar(node).lower().replace(".inf", "inf").replace(".nan", "nan"))


def _mapping(loader: Any, node: Any) -> dict[str, Any]:
    """Build a mapping, refusing a key given twice, which YAML would silently let the last one win."""
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = key_node.value
        if not isinstance(key, str):
            raise yaml.constructor.ConstructorError(None, None, "a key must be plain text", key_node.start_mark)
        if key in found:
            raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} is given twice", key_node.start_mark)
        found[key] = loader.construct_object(value_node, deep=True)
    return found


_Loader.add_constructor("tag:yaml.org,2002:float", _float)
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


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
        return yaml.load(text, Loader=_Loader)  # noqa: S506  a safe loader, by the class above
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
