"""Faults of a delivery: found feature by feature as its batches pass, and gathered in one table with their places."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spacegov.ledger import collect

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from spacegov.layers.card import LayerCard

COLUMNS = ("row", "feature", "field", "code", "severity", "value", "reason", "mend", "action")
LAYER = -1
"""Row of a fault that concerns the layer as a whole."""
_FAMILIES = {"Polygons": "polygons", "Lines": "lines", "Points": "points"}
_NEEDED_MENDS = {
    "missing-value": "fill in the value",
    "duplicate": "give every record a value of its own",
    "out-of-range": "correct the value, or the range on the card",
    "unknown-code": "use a code of the list",
    "wrong-type": "write the value in the field's type",
    "leading-zero-lost": "write the code as text, with its leading zeros",
    "missing-field": "deliver the field, or name its column under names on the card",
    "date-order": "correct one of the dates",
}


@dataclass
class FaultLog:
    """Faults as they are found.

    Attributes
    ----------
    parts : list of DataFrame
        Tables of `COLUMNS` and `geometry`.
    """

    parts: list[Any] = field(default_factory=list)

    def add(
        self,
        rows: Any,
        code: str,
        severity: str,
        *,
        features: Any = "",
        column: str = "",
        values: Any = "",
        reason: Any = "",
        mend: Any = "",
        places: Any = None,
    ) -> None:
        """Add faults of one kind, one for each row."""
        import pandas as pd

        rows = np.atleast_1d(np.asarray(rows, dtype=np.int64))
        if not len(rows):
            return
        table = pd.DataFrame({"row": rows})
        table["feature"], table["field"], table["code"], table["severity"] = features, column, code, severity
        table["value"], table["reason"], table["mend"], table["action"] = values, reason, mend, ""
        table["geometry"] = pd.Series(np.asarray(places, dtype=object) if places is not None else None, dtype=object)
        self.parts.append(table)

    def append(self, table: Any) -> None:
        """Add a table that has the columns already."""
        if len(table):
            self.parts.append(table)

    def layer_wide(self, code: str, severity: str, reason: str, mend: str, *, column: str = "") -> None:
        """Add a fault of the layer as a whole."""
        self.add([LAYER], code, severity, reason=reason, mend=mend, column=column)

    def frame(self, crs: Any) -> gpd.GeoDataFrame:
        """Give all faults, in the order of the delivery."""
        import geopandas as gpd
        import pandas as pd

        if self.parts:
            table = pd.concat(self.parts, ignore_index=True)
        else:
            table = pd.DataFrame({name: pd.Series(dtype="int64" if name == "row" else "str") for name in COLUMNS})
            table["geometry"] = pd.Series(dtype=object)
        table = table.sort_values(["row", "code", "field"], kind="stable", ignore_index=True)
        geometry = gpd.GeoSeries(table.pop("geometry").to_numpy(), crs=crs)
        return gpd.GeoDataFrame(table[list(COLUMNS)], geometry=geometry, crs=crs)

    def error_rows(self) -> NDArray[np.int64]:
        """Give the records with an error; `LAYER` among them where the layer as a whole has one."""
        rows = [part.loc[part["severity"] == "error", "row"].to_numpy(np.int64) for part in self.parts]
        return np.unique(np.concatenate(rows)) if rows else np.empty(0, np.int64)


def count_codes(faults: pd.DataFrame) -> dict[str, int]:
    """Count records by fault.

    Examples
    --------
    >>> import pandas as pd
    >>> count_codes(pd.DataFrame({"code": ["spike", "spike"], "row": [3, 3]}))
    {'spike': 1}
    """
    counted = faults.groupby("code", sort=True)["row"].nunique()
    return {str(code): int(count) for code, count in counted.items()}


class BatchCheck:
    """The checks that every batch of a delivery passes.

    Parameters
    ----------
    card : LayerCard
        What the layer must be.
    codes : dict
        Codes by field, from the card or its scheme.
    log : FaultLog
        Where faults go.
    """

    def __init__(self, card: LayerCard, codes: dict[str, Any], log: FaultLog) -> None:
        self.card = card
        self.codes = codes
        self.log = log
        self.key = next((name for name, spec in card.fields.items() if spec.unique), None)
        # A value is unique in the whole layer or not at all; that is looked at when all batches are there.
        alone = {name: spec.model_copy(update={"unique": False}) for name, spec in card.fields.items()}
        self._card = card.model_copy(update={"fields": alone})
        self._told: set[tuple[str, str]] = set()

    def names(self, frame: Any, start: int) -> NDArray[np.object_]:
        """Give what the records of a batch are called."""
        if self.key is not None and self.key in frame.columns:
            keys = frame[self.key]
            return np.where(keys.isna(), [f"#{start + row}" for row in range(len(frame))], keys.astype(str))
        return np.array([f"#{start + row}" for row in range(len(frame))], dtype=object)

    def geometry(self, frame: gpd.GeoDataFrame, names: NDArray[np.object_], start: int) -> pd.DataFrame:
        """Check shapes; gives the faults, which are not in the log yet, since repair may end them."""
        from spacegov.tools.foundation.geometry import check_geometry

        bare = frame[["geometry"]].reset_index(drop=True)
        family: Any = _FAMILIES.get(self.card.kind, "any")
        with collect():
            found = check_geometry(bare, geometry=family, allow_z=True).faults
        rows = found["row"].astype(np.int64).to_numpy()
        table = found[["code", "severity", "reason", "mend"]].assign(
            row=rows + start, feature=names[rows], field="geometry", value="", action=""
        )
        table["geometry"] = np.asarray(found.geometry.to_numpy(), dtype=object)
        ordered: pd.DataFrame = table[[*COLUMNS, "geometry"]]
        return ordered

    def attributes(self, frame: pd.DataFrame, names: NDArray[np.object_], start: int, places: Any) -> None:
        """Check fields against the card."""
        from spacegov.tools.foundation.attributes import check_attributes

        reader = _Held(self.card.id, self._card, frame.reset_index(drop=True), self.codes)
        with collect():
            found = check_attributes({self.card.id: reader}).faults
        found = found[~found["code"].isin(["extra-field", "missing-optional-field"])]
        whole = found["row"] == ""
        told = found.loc[whole, ["field", "code", "severity", "needed"]].astype(str).to_numpy().tolist()
        for name, code, severity, needed in told:
            if (name, code) not in self._told:
                self._told.add((name, code))
                self.log.layer_wide(code, severity, f"{needed} is needed", _NEEDED_MENDS.get(code, ""), column=name)
        found = found[~whole]
        rows = found["row"].astype(np.int64).to_numpy()
        self.log.append(
            found[["field", "code", "severity", "value"]].assign(
                row=rows + start,
                feature=names[rows],
                reason=[f"{needed} is needed" for needed in found["needed"]],
                mend=[_NEEDED_MENDS.get(code, "") for code in found["code"]],
                action="",
                geometry=None if places is None else np.asarray(places, dtype=object)[rows],
            )[[*COLUMNS, "geometry"]]
        )

    def wrong_types(self, column: str, rows: Any, texts: list[str], names: Any, start: int, places: Any) -> None:
        """Report values that could not be brought to the type of their field."""
        self.log.add(
            rows + start, "wrong-type", "error", features=names[rows], column=column, values=texts,
            reason=f"{self.card.fields[column].type} is needed", mend=_NEEDED_MENDS["wrong-type"],
            places=None if places is None else np.asarray(places, dtype=object)[rows],
        )  # fmt: skip


@dataclass(frozen=True)
class _Held:
    """A batch as a member of a `LayerSet`."""

    id: str
    card: Any
    frame: Any
    lists: dict[str, Any]
    bound: bool = True
    coverage: Any = None

    def read(self, bbox: Any = None) -> Any:  # noqa: ARG002  the interface of readers
        return self.frame

    def codes(self, name: str) -> Any:
        return self.lists.get(name)


def restore_zeros(column: Any, codes: Any) -> tuple[Any, NDArray[np.int64], list[str]]:
    """Give codes their leading zeros back where exactly that makes them codes of the list.

    Examples
    --------
    >>> import pyarrow as pa
    >>> values, rows, before = restore_zeros(pa.array(["101", "0301", "9"]), {"0101": None, "0301": None})
    >>> values.to_pylist(), rows.tolist(), before
    (['0101', '0301', '9'], [0], ['101'])
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    known = {str(code) for code in codes or ()}
    short = {code.lstrip("0"): code for code in known if code.startswith("0")}
    lost = pa.array([text for text in short if text and text not in known], pa.string())
    rows = np.flatnonzero(pc.is_in(column, value_set=lost).to_numpy(zero_copy_only=False))
    if not len(rows):
        return column, rows.astype(np.int64), []
    texts = column.to_pylist()
    before = [texts[row] for row in rows]
    for row in rows:
        texts[row] = short[texts[row]]
    return pa.array(texts, pa.string()), rows.astype(np.int64), before
