"""Reading the parameters of requests: what is malformed ends here, in one sentence."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from spacegov.errors import BadInput, shown, suggest
from spacegov.service.crs import Reference
from spacegov.text import LANGUAGES, Language

if TYPE_CHECKING:
    from fastapi import Request

    from spacegov.service.tables import Box


def only(request: Request, allowed: Iterable[str]) -> None:
    """Refuse parameters that are not known, and such as are given twice.

    Raises
    ------
    BadInput
    """
    names = [*allowed]
    seen: set[str] = set()
    for name, value in request.query_params.multi_items():
        if name not in names:
            raise BadInput(f"there is no parameter {shown(name)}; {suggest(name, names)}")
        if name in seen:
            raise BadInput(f"the parameter {name!r} is given twice; give it once")
        if "\x00" in value:
            raise BadInput(f"{name}: the value holds a zero byte; leave it out")
        seen.add(name)


def whole(request: Request, name: str, default: int, low: int, high: int | None = None) -> int:
    """Read a whole number; one above the highest is taken as the highest, as the standard asks."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 12) or int(text) < low:
        raise BadInput(
            f"{name}: {shown(text)} was given, a whole number from {low} on is needed; write {name}={default}"
        )
    return int(text) if high is None else min(int(text), high)


def box_of(text: str, crs: Reference, name: str = "bbox") -> list[Box]:
    """Read a box, east before north in the answer; one across the date line gives two.

    Examples
    --------
    >>> from spacegov.service.crs import CRS84, WGS84, reference
    >>> box_of("1,2,3,4", reference(CRS84)), box_of("2,1,4,3", reference(WGS84))
    ([(1.0, 2.0, 3.0, 4.0)], [(1.0, 2.0, 3.0, 4.0)])
    """
    example = f"write {name}=west,south,east,north, such as {name}=119.9,29.3,120.3,29.7"
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        raise BadInput(f"{name}: {shown(text)} was given, numbers are needed; {example}") from None
    if len(numbers) not in (4, 6):
        raise BadInput(f"{name}: {len(numbers)} numbers were given, four or six are needed; {example}")
    if not all(map(math.isfinite, numbers)):
        raise BadInput(f"{name}: {shown(text)} holds a number that is not finite; {example}")
    if len(numbers) == 6:
        if numbers[2] > numbers[5]:
            raise BadInput(f"{name}: its lowest height lies above its highest; {example}")
        numbers = [numbers[0], numbers[1], numbers[3], numbers[4]]
    first, second, third, fourth = numbers
    west, south, east, north = (second, first, fourth, third) if crs.northing_first else (first, second, third, fourth)
    if south > north:
        raise BadInput(f"{name}: its south {south:g} lies above its north {north:g}; {example}")
    degrees = crs.name in {"OGC:CRS84", "EPSG:4326"}
    if degrees and (south < -90 or north > 90 or west < -180 or east > 180 or west > 180 or east < -180):
        raise BadInput(f"{name}: {shown(text)} is no box in degrees; {example}, or name its CRS with {name}-crs")
    if west <= east:
        return [(west, south, east, north)]
    if not degrees:
        raise BadInput(f"{name}: its west {west:g} lies east of its east {east:g}; {example}")
    return [(west, south, 180.0, north), (-180.0, south, east, north)]


def language_of(request: Request) -> Language | None:
    """Read a language, None where none is named."""
    given = request.query_params.get("lang")
    if given is None:
        return None
    for language in LANGUAGES:
        if language == given:
            return language
    raise BadInput(f"lang: there is no {shown(given)}; {suggest(given, LANGUAGES)}")


def point_of(text: str, name: str = "at") -> tuple[float, float]:
    """Read longitude and latitude.

    Examples
    --------
    >>> point_of("120.1,29.5")
    (120.1, 29.5)
    """
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != 2 or not (abs(numbers[0]) <= 180 and abs(numbers[1]) <= 90):
        raise BadInput(f"{name}: {shown(text)} is no place; write {name}=longitude,latitude, such as {name}=120.1,29.5")
    return numbers[0], numbers[1]


def period_of(text: str) -> tuple[datetime | None, datetime | None]:
    """Read a time or a period, open where it is `..` or empty.

    Examples
    --------
    >>> period_of("2025-01-01/..")[1] is None
    True
    """
    parts = text.split("/")
    if len(parts) == 1 and parts[0] not in ("", ".."):
        moment = _moment(parts[0], text)
        return moment, _end(parts[0], moment)
    if len(parts) == 2:
        begin = None if parts[0] in ("", "..") else _moment(parts[0], text)
        end = None if parts[1] in ("", "..") else _end(parts[1], _moment(parts[1], text))
        if begin is None or end is None or begin <= end:
            return begin, end
    raise BadInput(
        f"datetime: {shown(text)} was given, a time or a period is needed; write datetime=2025-01-01/2025-12-31"
    )


def _moment(part: str, whole: str) -> datetime:
    try:
        if len(part) == 10:
            day = date.fromisoformat(part)
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        if "T" in part.upper() and len(part) > 18:
            moment = datetime.fromisoformat(part.upper())
            return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    except ValueError:
        pass
    raise BadInput(f"datetime: {shown(whole)} was given, a time or a period is needed; write datetime=2025-01-01/..")


def _end(part: str, moment: datetime) -> datetime:
    return moment.replace(hour=23, minute=59, second=59, microsecond=999999) if len(part) == 10 else moment


def value_of(text: str, kind: str, name: str) -> Any:
    """Read a value to compare a property with.

    Raises
    ------
    BadInput
        It is not of the property's type.
    """
    try:
        if kind == "string":
            return text
        if kind == "integer":
            return int(text)
        if kind == "number":
            number = float(text)
            if math.isfinite(number):
                return number
        if kind == "boolean" and text.lower() in ("true", "false"):
            return text.lower() == "true"
        if kind in ("date", "datetime"):
            return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        pass
    example = {"integer": "3", "number": "2.5", "boolean": "true", "date": "2025-12-31", "datetime": "2025-12-31"}
    raise BadInput(f"{name}: {shown(text)} was given, a {kind} is needed; write {name}={example[kind]}")


async def body_of(request: Request) -> Any:
    """Read a JSON body.

    Raises
    ------
    Problem
        415 for another media type.
    BadInput
        It is no JSON, or nested too deep, or holds numbers that are none.
    """
    import json

    from spacegov.service.problems import Problem

    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in {"application/json", "application/geo+json"}:
        raise Problem(
            415, f"the body is {media or 'of no type'!r}, JSON is needed; send content-type: application/json"
        )
    raw = b"".join([part async for part in request.stream()])

    def refuse(text: str) -> Any:
        raise ValueError(f"{text} is no number of JSON")

    try:
        return json.loads(raw, parse_constant=refuse)
    except RecursionError:
        raise BadInput("the body is nested too deep; send plain JSON") from None
    except (ValueError, UnicodeDecodeError) as error:
        raise BadInput(f"the body is no JSON ({str(error)[:120]}); check brackets and quotes") from None
