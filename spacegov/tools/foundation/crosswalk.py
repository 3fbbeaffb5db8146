"""Translating one land classification into another by table."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spacegov.checks import checked
from spacegov.errors import BadInput, BadPolicy, suggest
from spacegov.kinds import AreaBasis, ColumnOf, Features, PolicyKind
from spacegov.ledger import balance, doubt, figure
from spacegov.tools.foundation._records import answer_table
from spacegov.tools.overlay import areas_of, shapes_of
from spacegov.tools.values import texts_of

CROSSWALK_COLUMNS = ("from_scheme", "from_code", "to_scheme", "to_code")
TRANSLATED, AMBIGUOUS, UNKNOWN, MISSING = "translated", "ambiguous", "unknown", "missing"


class Crosswalked(NamedTuple):
    """The layer with its codes translated, and the account of it by code."""

    layer: gpd.GeoDataFrame
    classes: pd.DataFrame


@checked(partition="rows")
def crosswalk_classes(
    layer: Features,
    *,
    code: Annotated[str, ColumnOf("layer")] = "class",
    crosswalk: Annotated[pd.DataFrame, PolicyKind(CROSSWALK_COLUMNS)],
    from_scheme: str | None = None,
    to_scheme: str | None = None,
    area_basis: AreaBasis = "plane",
) -> Crosswalked:
    """Translate a layer's land classes into another classification.

    Parameters
    ----------
    layer : GeoDataFrame
        Points, lines or polygons with a code each.
    code : str
        Column of the codes, as text.
    crosswalk : DataFrame
        Pairs of codes, each with its scheme; a code in several pairs is one-to-many.
    from_scheme, to_scheme : str, optional
        Which schemes, where the table holds several.
    area_basis : {"plane", "ellipsoid"}
        How areas are measured.

    Returns
    -------
    layer : GeoDataFrame
        The layer's own columns and order, with `from_scheme`, `from_code`, `to_scheme`, `to_code` (missing unless the
        translation is certain), `candidates` (codes of a one-to-many pair, separated by commas), `status`
        (`translated`, `ambiguous`, `unknown`: not in the table, `missing`: no code) and `area_m2` (m², 0 of points and
        lines).
    classes : DataFrame
        A row for each code: `from_scheme`, `from_code`, `to_scheme`, `to_code`, `candidates`, `status`, `features`,
        `area_m2` (m²), `share` (0–1), sorted by code.

    Raises
    ------
    BadInput
        The codes are numbers: their leading zeros are lost.
    BadPolicy
        The table holds several schemes and none was chosen, or not the one that was.
    MissingColumn
        There is no such column of codes.

    Notes
    -----
    A code is looked up whole and within its scheme: 0601 is industry in the third survey and a rural road in the
    planning classes, and a code cut to two digits would turn one into the other. One-to-many is never decided here,
    since nothing in the layer tells. Linear in features.

    References
    ----------
    .. [1] The crosswalk names its own source; see its card.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> table = pd.DataFrame([["a", "0601", "b", "1001"], ["a", "1006", "b", "060101"], ["a", "1006", "b", "060102"]],
    ...                      columns=list(CROSSWALK_COLUMNS))
    >>> plots = gpd.GeoDataFrame({"class": ["0601", "1006"]}, geometry=[shapely.box(5e5, 0, 500_010, 10)] * 2, crs=4549)
    >>> crosswalk_classes(plots, crosswalk=table).classes[["from_code", "to_code", "candidates", "status"]].fillna("")
      from_code to_code      candidates      status
    0      0601    1001                  translated
    1      1006          060101, 060102   ambiguous
    """
    if pd.api.types.is_numeric_dtype(layer[code]) and layer[code].notna().any():
        raise BadInput(
            f"layer: the column {code!r} holds {layer[code].dtype}, text is needed since numbers lose leading zeros; "
            "read it as text"
        )
    table, schemes = _one_pair(crosswalk, from_scheme, to_scheme)
    targets = table.groupby("from_code", sort=False)["to_code"].agg(list).to_dict()
    codes = texts_of(layer[code])
    translated = [_translate(value, targets) for value in codes]
    shapes = shapes_of(layer)
    polygon = shapely.get_dimensions(shapes) == 2
    area = np.zeros(len(layer))
    area[polygon] = areas_of(shapes[polygon], layer.crs, area_basis)
    added = {
        "from_scheme": pd.Series([schemes[0]] * len(layer), dtype="str", index=layer.index),
        "from_code": pd.Series(list(codes), dtype="str", index=layer.index),
        "to_scheme": pd.Series([schemes[1]] * len(layer), dtype="str", index=layer.index),
        "to_code": pd.Series([row[0] for row in translated], dtype="str", index=layer.index),
        "candidates": pd.Series([row[1] for row in translated], dtype="str", index=layer.index),
        "status": pd.Series([row[2] for row in translated], dtype="str", index=layer.index),
        "area_m2": pd.Series(area, index=layer.index),
    }
    result = layer.drop(columns=[column for column in added if column in layer.columns]).assign(**added)
    _tell(result)
    return Crosswalked(result.reset_index(drop=True), _classes(result, schemes))


def _one_pair(table: pd.DataFrame, source: str | None, target: str | None) -> tuple[pd.DataFrame, tuple[str, str]]:
    """Choose the pairs of one scheme and another."""
    chosen = []
    for column, wanted, option in (("from_scheme", source, "from_scheme"), ("to_scheme", target, "to_scheme")):
        known = sorted(set(table[column].astype(str)))
        if wanted is None and len(known) != 1:
            raise BadPolicy(
                f"crosswalk: it holds {len(known)} schemes ({', '.join(known)}), one is needed; name it with {option}=…"
            )
        if wanted is not None and wanted not in known:
            raise BadPolicy(f"crosswalk: it has no {option} {wanted!r}; {suggest(wanted, known)}")
        chosen.append(wanted or known[0])
    pairs = table[(table["from_scheme"] == chosen[0]) & (table["to_scheme"] == chosen[1])]
    if not len(pairs):
        raise BadPolicy(f"crosswalk: it has no pair from {chosen[0]!r} to {chosen[1]!r}; give another table")
    return pairs.drop_duplicates(["from_code", "to_code"]), (chosen[0], chosen[1])


def _translate(code: str | None, targets: dict[Any, list[Any]]) -> tuple[str | None, str, str]:
    """Give the certain code, the candidates and the status."""
    if not code:
        return None, "", MISSING
    found = targets.get(code, [])
    if not found:
        return None, "", UNKNOWN
    if len(found) > 1:
        return None, ", ".join(sorted(map(str, found))), AMBIGUOUS
    return str(found[0]), "", TRANSLATED


def _tell(result: gpd.GeoDataFrame) -> None:
    for status in (TRANSLATED, AMBIGUOUS, UNKNOWN, MISSING):
        where = result["status"] == status
        figure(status, int(where.sum()))
        figure(f"{status}_m2", float(result.loc[where, "area_m2"].sum()))
    unknown = sorted(set(result.loc[result["status"] == UNKNOWN, "from_code"]))
    if unknown:
        doubt(f"the crosswalk does not know the codes {', '.join(unknown)}", "layer")


def _classes(result: gpd.GeoDataFrame, schemes: tuple[str, str]) -> pd.DataFrame:
    keys = ["from_code", "to_code", "candidates", "status"]
    grouped = pd.DataFrame(result[[*keys, "area_m2"]]).groupby(keys, sort=True, dropna=False)["area_m2"]
    table = grouped.agg(["size", "sum"]).reset_index()
    whole = float(result["area_m2"].sum())
    balance(whole, table["sum"].tolist(), what="area by code")
    return answer_table(
        {
            "from_scheme": ([schemes[0]] * len(table), "str"),
            "from_code": (table["from_code"], "str"),
            "to_scheme": ([schemes[1]] * len(table), "str"),
            "to_code": (table["to_code"], "str"),
            "candidates": (table["candidates"], "str"),
            "status": (table["status"], "str"),
            "features": (table["size"], "int64"),
            "area_m2": (table["sum"], "float64"),
            "share": (table["sum"] / whole if whole else np.zeros(len(table)), "float64"),
        },
        order=["from_code", "to_code"],
    )
