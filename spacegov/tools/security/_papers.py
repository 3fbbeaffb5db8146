"""Papers that allow a change of ground: which register holds which, when they are in force, what ground they cover."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from spacegov.errors import BadPolicy
from spacegov.kernels import pair_areas
from spacegov.kinds import name_of
from spacegov.tools.overlay import Shapes, areas_of, differences, intersections, shapes_of, union_of
from spacegov.tools.values import column_among, labels_of, readable_dates, text_of, texts_of

ANY = "any"
NONE_NEEDED, PROHIBITED = "none", "prohibited"
PAPER_COLUMNS = ("register", "kind", "paper")
RULE_COLUMNS = ("kind", "ground", "papers", "category", "article")


@dataclass(frozen=True)
class Way:
    """One way to make a change legal: papers needed together, what it then is, and the article."""

    papers: tuple[str, ...]
    category: str
    article: str


def read_ways(table: pd.DataFrame) -> dict[tuple[str, str], list[Way]]:
    """Read what papers a kind of change needs on a kind of ground.

    Raises
    ------
    BadPolicy
        A row without papers, or a prohibition beside another row of its pair.
    """
    name = table.attrs.get("policy", "rules")
    ways: dict[tuple[str, str], list[Way]] = {}
    for number, row in enumerate(table.to_dict("records"), start=1):
        papers = tuple(part.strip() for part in (text_of(row["papers"]) or "").split("+"))
        if not all(papers):
            raise BadPolicy(
                f"{name}, row {number}: the papers {row['papers']!r} were given, names joined by + are needed, or "
                f"{NONE_NEEDED} or {PROHIBITED}; mend the table"
            )
        key = (text_of(row["kind"]) or ANY, text_of(row["ground"]) or ANY)
        own = ways.setdefault(key, [])
        own.append(Way(papers, text_of(row["category"]) or "", text_of(row["article"]) or ""))
        if len(own) > 1 and any(way.papers[0] in (NONE_NEEDED, PROHIBITED) for way in own):
            raise BadPolicy(
                f"{name}, row {number}: {key[0]!r} on {key[1]!r} is {NONE_NEEDED} or {PROHIBITED} and has another row; "
                "keep one"
            )
    return ways


def ways_for(ways: dict[tuple[str, str], list[Way]], kind: str | None, ground: str) -> list[Way]:
    """Give the ways that hold for a kind of change on a kind of ground, the most particular first."""
    for key in ((kind or ANY, ground), (kind or ANY, ANY), (ANY, ground), (ANY, ANY)):
        if key in ways:
            return ways[key]
    return []


class Papers:
    """All papers of all registers.

    Parameters
    ----------
    registers : list of GeoDataFrame
    table : DataFrame
        register (last part of the layer's name, or `any`), kind (or `any`), paper.
    begins, ends, kind : tuple of str
        Usual names of the columns; each register is read by the first it has.

    Raises
    ------
    BadInput
        A day cannot be read.
    BadPolicy
        No row tells what papers a register holds.
    """

    def __init__(
        self,
        registers: list[gpd.GeoDataFrame],
        table: pd.DataFrame,
        *,
        begins: tuple[str, ...],
        ends: tuple[str, ...],
        kind: tuple[str, ...],
    ) -> None:
        known = {
            (text_of(row["register"]) or ANY, text_of(row["kind"]) or ANY): str(text_of(row["paper"]))
            for row in table.to_dict("records")
        }
        paper, names, first, last, shapes = [], [], [], [], []
        for position, frame in enumerate(registers, start=1):
            register = name_of(frame, f"papers {position}").rpartition(".")[2]
            column = column_among(frame, kind)
            kinds = texts_of(frame[column]) if column is not None else np.full(len(frame), None, dtype=object)
            keys = [((register, str(own)), (register, ANY), (ANY, str(own)), (ANY, ANY)) for own in kinds]
            own = [next((known[key] for key in tried if key in known), None) for tried in keys]
            if len(own) and not any(own):
                raise BadPolicy(
                    f"papers: the table {table.attrs.get('policy', '')!r} does not tell what papers {register!r} "
                    "holds; add a row for it"
                )
            paper += own
            names += labels_of(frame).tolist()
            first.append(_days(frame, column_among(frame, begins), register))
            last.append(_days(frame, column_among(frame, ends), register))
            shapes.append(shapes_of(frame))
        self.paper = np.array(paper, dtype=object)
        self.names = np.array(names, dtype=object)
        empty = np.empty(0, dtype="datetime64[s]")
        self.first = np.concatenate(first) if first else empty
        self.last = np.concatenate(last) if last else empty
        self.shapes: Shapes = np.concatenate(shapes) if shapes else np.empty(0, dtype=object)
        self.nameless = int(sum(kind is None for kind in paper))

    def meeting(self, pieces: Shapes, days: Any, crs: Any) -> list[tuple[list[int], list[int]]]:
        """Give for each piece the papers in force on its day that meet it, and those that are not in force."""
        found: list[tuple[list[int], list[int]]] = [([], []) for _ in pieces]
        if not len(pieces) or not len(self.shapes):
            return found
        pairs = pair_areas(gpd.GeoSeries(pieces, crs=crs), gpd.GeoSeries(self.shapes, crs=crs), trusted=True)
        piece, paper = pairs["left_index"].to_numpy(), pairs["right_index"].to_numpy()
        day = days[piece]
        good = (np.isnat(self.first[paper]) | (self.first[paper] <= day)) & (
            np.isnat(self.last[paper]) | (self.last[paper] >= day)
        )
        for row, number, valid in zip(piece.tolist(), paper.tolist(), good.tolist(), strict=True):
            found[row][0 if valid else 1].append(number)
        return found


def _days(frame: gpd.GeoDataFrame, column: str | None, register: str) -> Any:
    if column is None:
        return np.full(len(frame), np.datetime64("NaT"), dtype="datetime64[s]")
    return readable_dates(frame, column, f"papers ({register})")


@dataclass(frozen=True)
class Legality:
    """What the papers make of one piece of ground: covered and open ground, and what is missing there."""

    verdict: str
    category: str
    article: str
    missing: str
    open_ground: Any
    open_m2: float


def judge(
    piece: Any,
    area: float,
    ways: list[Way],
    papers: Papers,
    in_force: list[int],
    *,
    min_area: float,
    crs: Any,
    basis: Any,
) -> Legality:
    """Hold one piece of ground against the ways to make it legal."""
    if not ways:
        return Legality("unknown", "", "", "", piece, area)
    if ways[0].papers == (PROHIBITED,):
        return Legality("prohibited", ways[0].category, ways[0].article, "", piece, area)
    if ways[0].papers == (NONE_NEEDED,):
        return Legality("no_paper_needed", ways[0].category, ways[0].article, "", None, 0.0)
    own = {name: _united(papers, in_force, name) for way in ways for name in way.papers}
    covered: list[Any] = []
    sizes: list[tuple[float, float]] = []
    for way in ways:
        ground = np.array([piece], dtype=object)
        single = 0.0
        for name in way.papers:
            if own[name] is None:
                ground = ground[:0]
                continue
            other = np.array([own[name]], dtype=object)
            single += float(areas_of(intersections(np.array([piece], dtype=object), other), crs, basis)[0])
            ground = intersections(ground, other) if len(ground) else ground
        covered += ground.tolist()
        sizes.append((float(areas_of(ground, crs, basis).sum()), single / len(way.papers)))
    open_ground = piece
    if covered:
        united = np.array([union_of(np.array(covered, dtype=object))], dtype=object)
        open_ground = differences(np.array([piece], dtype=object), united)[0]
    open_m2 = float(areas_of(np.array([open_ground], dtype=object), crs, basis)[0])
    best = max(range(len(ways)), key=lambda number: (*sizes[number], -number))
    way = ways[best]
    least = max(min_area, 1e-9)
    if open_m2 < least:
        return Legality("legal", way.category, way.article, "", None, open_m2)
    missing = []
    for name in way.papers:
        here = own[name]
        rest = (
            open_m2
            if here is None
            else float(
                areas_of(
                    differences(np.array([open_ground], dtype=object), np.array([here], dtype=object)), crs, basis
                )[0]
            )
        )
        if rest >= least:
            missing.append(name)
    some = area - open_m2 >= least
    return Legality(
        "partly" if some else "papers_missing",
        way.category if some else "",
        way.article,
        "; ".join(missing),
        open_ground,
        open_m2,
    )


def _united(papers: Papers, in_force: list[int], name: str) -> Any:
    own = [number for number in in_force if papers.paper[number] == name]
    return union_of(papers.shapes[own]) if own else None
