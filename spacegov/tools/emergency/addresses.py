"""Finding the building of an address as people write it, and saying when it is not sure."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from spacegov.checks import checked
from spacegov.errors import EmptyLayer
from spacegov.kinds import ColumnOf, Features, Share, Table
from spacegov.ledger import balance, figure
from spacegov.tools.emergency._addresses import Address, read_address
from spacegov.tools.values import text_of

_COLUMNS = {
    "record": "str",
    "address": "str",
    "answer": "str",
    "building": "str",
    "matched_address": "str",
    "confidence": "float64",
    "second_building": "str",
    "second_confidence": "float64",
    "reason": "str",
}


class MatchedAddresses(NamedTuple):
    """Answer of `match_addresses`."""

    matches: gpd.GeoDataFrame
    unresolved: pd.DataFrame


@checked(partition="rows")
def match_addresses(
    cases: Table,
    register: Features,
    *,
    address: Annotated[str, ColumnOf("cases")] = "address",
    register_address: Annotated[str, ColumnOf("register")] = "address",
    building: Annotated[str, ColumnOf("register")] = "building_id",
    record: Annotated[str | None, ColumnOf("cases")] = None,
    min_confidence: Share = 0.85,
    min_lead: Share = 0.05,
) -> MatchedAddresses:
    """Match written addresses to buildings.

    Parameters
    ----------
    cases
        Addresses as they were written down.
    register
        Buildings, or address points, with the register's address.
    address, register_address
        Columns of the addresses.
    building
        Column of the building's id; several addresses may name one building.
    record
        Column that names a case; the row's label without it.
    min_confidence
        Confidence below which no building is named.
    min_lead
        Lead over the next building below which the choice is left to people.

    Returns
    -------
    matches : GeoDataFrame
        A row for every case: record, address, answer (`present`, `failed`), building (empty where not resolved),
        matched_address, confidence (0–1), second_building, second_confidence, reason (`exact`, `near`, `no_address`,
        `number_differs`, `too_unlike`, `ambiguous`), and the building's geometry
    unresolved : DataFrame
        The rows that are left for people, with the same columns

    Raises
    ------
    EmptyLayer
        A register without a single address.

    Notes
    -----
    Both sides are normalised: full-width signs, Chinese numerals before counting words, case, punctuation, usual
    abbreviations. Words are compared by rapidfuzz (the better of the plain and the token-set ratio); numbers must agree
    in their order from the first, since a neighbour's house is no match, and a street that is merely alike is not meant
    where the street as written is in the register. Never the nearest guess: what is doubtful is in `unresolved`. A run
    may be split by cases.

    References
    ----------
    Levenshtein 1966; indel and token-set ratios as in rapidfuzz's documentation.

    Examples
    --------
    >>> from shapely import Point
    >>> houses = gpd.GeoDataFrame({"building_id": ["A", "B"], "address": ["人民路12号3栋", "人民路12号4栋"]},
    ...                           geometry=[Point(500000, 3200000), Point(500020, 3200000)], crs="EPSG:4549")
    >>> cases = pd.DataFrame({"address": ["人民路十二号三幢", "人民路99号"]})
    >>> match_addresses(cases, houses).matches[["building", "reason"]].to_numpy().tolist()
    [['A', 'exact'], ['', 'number_differs']]
    """
    known = _Register(register, register_address, building)
    names = [str(label) for label in (cases[record] if record else cases.index)]
    rows = []
    for name, value in zip(names, cases[address], strict=True):
        rows.append({"record": name, **known.match(text_of(value) or "", min_confidence, min_lead)})
    table = pd.DataFrame(rows, columns=[*_COLUMNS, "position"])
    shapes = [
        known.shapes[position] if position >= 0 else None for position in table["position"].fillna(-1).astype(int)
    ]
    matches = gpd.GeoDataFrame(
        table[list(_COLUMNS)].astype(_COLUMNS), geometry=gpd.GeoSeries(shapes, crs=register.crs), crs=register.crs
    )
    unresolved = pd.DataFrame(matches[matches["answer"] == "failed"].drop(columns="geometry")).reset_index(drop=True)
    resolved = int((matches["answer"] == "present").sum())
    balance(len(cases), [resolved, len(unresolved)], what="addresses resolved and not")
    figure("addresses", len(cases))
    figure("resolved", resolved)
    figure("left_for_people", len(unresolved))
    figure("exact", int((matches["reason"] == "exact").sum()))
    return MatchedAddresses(matches, unresolved)


class _Register:
    """Addresses of the register, normalised once."""

    def __init__(self, register: gpd.GeoDataFrame, address: str, building: str) -> None:
        texts = [text_of(value) for value in register[address]]
        there = [position for position, text in enumerate(texts) if text]
        if not there:
            raise EmptyLayer(f"register: no feature has an address in {address!r}; name another column")
        self.positions = there
        self.texts = [str(texts[position]) for position in there]
        self.read = [read_address(text) for text in self.texts]
        ids = [text_of(value) or "" for value in register[building]]
        self.ids = [ids[position] for position in there]
        self.shapes = register.geometry.to_numpy()
        self.words = [address.words for address in self.read]
        self.exact: dict[str, list[int]] = {}
        for number, entry in enumerate(self.read):
            self.exact.setdefault(entry.text, []).append(number)

    def match(self, text: str, least: float, lead: float) -> dict[str, Any]:
        """Find the building of one address."""
        row: dict[str, Any] = {"address": text, "answer": "failed", "building": "", "matched_address": ""}
        row |= {"second_building": "", "second_confidence": np.nan, "confidence": np.nan, "position": -1}
        given = read_address(text)
        if not given.text:
            return row | {"reason": "no_address"}
        same = self.exact.get(given.text, [])
        if len({self.ids[number] for number in same}) == 1:
            return row | self._found(same[0], 1.0, "exact")
        words, scores, agree = self._scores(given)
        # where a street is written as given, a street that is merely alike is not meant
        agree &= words > words.max() - max(lead, 1e-9)
        best = self._best(np.where(agree, scores, -1.0))
        if not best or best[0][1] < least:
            alike = self._best(scores)
            row |= {"confidence": alike[0][1], "matched_address": self.texts[alike[0][0]]}
            differs = alike[0][1] >= least and not agree[alike[0][0]]
            return row | {"reason": "number_differs" if differs else "too_unlike"}
        row |= self._second(best)
        if len(best) > 1 and best[0][1] - best[1][1] < lead:
            row |= {"confidence": best[0][1], "matched_address": self.texts[best[0][0]]}
            return row | {"reason": "ambiguous"}
        return row | self._found(best[0][0], best[0][1], "near")

    def _found(self, number: int, confidence: float, reason: str) -> dict[str, Any]:
        return {
            "answer": "present",
            "building": self.ids[number],
            "matched_address": self.texts[number],
            "confidence": confidence,
            "reason": reason,
            "position": self.positions[number],
        }

    def _second(self, best: list[tuple[int, float]]) -> dict[str, Any]:
        if len(best) < 2:
            return {}
        return {"second_building": self.ids[best[1][0]], "second_confidence": best[1][1]}

    def _scores(self, given: Address) -> tuple[Any, Any, Any]:
        """Likeness of words to every entry, with numbers weighed in, and whether the numbers agree."""
        from rapidfuzz import fuzz, process

        plain = process.cdist([given.words], self.words, scorer=fuzz.ratio, dtype=np.float32)[0]
        tokens = process.cdist([given.words], self.words, scorer=fuzz.token_set_ratio, dtype=np.float32)[0]
        # words of which one is part of the other are alike, but less sure than equal ones
        words = np.maximum(plain, 0.95 * tokens).astype(np.float64) / 100
        shared = [_agreement(given.numbers, entry.numbers) for entry in self.read]
        weighed = words * np.array([max(share, 0.9) for share in shared])
        return words, weighed, np.array([share > 0 for share in shared])

    def _best(self, scores: Any) -> list[tuple[int, float]]:
        """Best entry of the two best buildings."""
        order = np.lexsort((np.arange(len(scores)), -scores))
        found: list[tuple[int, float]] = []
        for number in order:
            if scores[number] < 0:
                break
            if all(self.ids[number] != self.ids[other] for other, _ in found):
                found.append((int(number), float(scores[number])))
            if len(found) == 2:
                break
        return found


def _agreement(given: tuple[str, ...], entry: tuple[str, ...]) -> float:
    """Share of numbers that agree in their order from the first; 0 where one contradicts or the first is missing.

    Examples
    --------
    >>> _agreement(("12", "3", "501"), ("12", "3")), _agreement(("12",), ("12", "3")), _agreement(("12",), ("13",))
    (1.0, 0.95, 0.0)
    """
    if not given or not entry:
        return 1.0 if given == entry else 0.0
    common = min(len(given), len(entry))
    if given[:common] != entry[:common]:
        return 0.0
    # rooms beyond the building do not matter; a building left open does
    return 1.0 if len(given) >= len(entry) else 0.95
