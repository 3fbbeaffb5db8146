"""What is known of every building after `strictest_zone`, and what one more zone changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spacegov.errors import BadInput, suggest
from spacegov.kernels.ragged import IntArray

if TYPE_CHECKING:
    from spacegov.kernels.footprints import Footprints

# boxes enclosed in one, for the search of an added zone
BLOCK = 512


class ZoneAssignment:
    """The strictest zone level of every building.

    Attributes
    ----------
    levels : tuple
        Levels from the strictest to the loosest.
    codes : uint8 (buildings,)
        Position of each building's level in `levels`; `len(levels)` for a building in no zone.

    Notes
    -----
    Made by `strictest_zone`. It keeps the boxes of the buildings in single precision (16 bytes a building), rounded
    outward, so that a zone can be added in milliseconds.
    """

    def __init__(self, levels: tuple[Any, ...], codes: NDArray[np.uint8], footprints: Footprints, crs: Any) -> None:
        self.levels = levels
        self.codes = codes
        self._footprints = footprints
        self._crs = crs
        self._boxes = np.empty((4, len(codes)), np.float32)
        self._blocks: NDArray[np.float32] | None = None
        self._counts: IntArray | None = None

    def __len__(self) -> int:
        return len(self.codes)

    def to_series(self) -> pd.Series[Any]:
        """Level of each building as an ordered categorical, missing where it is in no zone."""
        codes: Any = np.where(self.codes < len(self.levels), self.codes.astype(np.int16), -1)
        categories: Any = pd.Categorical
        return pd.Series(categories.from_codes(codes, categories=list(self.levels), ordered=True), name="level")

    def counts(self) -> pd.DataFrame:
        """Count buildings by level.

        Returns
        -------
        DataFrame
            level, from the strictest; None in the last row, for no zone
            buildings : int64
        """
        if self._counts is None:
            self._counts = np.bincount(self.codes, minlength=len(self.levels) + 1)
        return pd.DataFrame({"level": pd.Series([*self.levels, None], dtype="object"), "buildings": self._counts})

    def add_zone(self, zone: Any, level: Any) -> IntArray:
        """Take one more zone into account.

        Parameters
        ----------
        zone : shapely geometry
            Polygon or multipolygon in the CRS of the buildings.
        level : one of `levels`
            Its level.

        Returns
        -------
        int64
            Rows of the buildings whose level became stricter, ascending; `codes` is already updated.

        Raises
        ------
        BadInput
            When the level is unknown.
        InvalidGeometry
            When the zone is invalid.
        """
        from spacegov.kernels.strictest_update import rows_made_stricter

        if level not in self.levels:
            raise BadInput(f"level {level!r} was given; {suggest(str(level), map(str, self.levels))}")
        code = self.levels.index(level)
        rows = rows_made_stricter(self, zone, code)
        if self._counts is not None:
            # kept up to date, since counting ten million buildings takes longer than finding those that change
            counts = self._counts - np.bincount(self.codes[rows], minlength=len(self._counts))
            counts[code] += len(rows)
            self._counts = counts
        self.codes[rows] = code
        return rows

    @property
    def blocks(self) -> NDArray[np.float32]:
        """Boxes around every 512 buildings, float32 (4, blocks)."""
        if self._blocks is None:
            starts = np.arange(0, len(self.codes), BLOCK)
            low = [np.fmin.reduceat(side, starts) for side in self._boxes[:2]]
            high = [np.fmax.reduceat(side, starts) for side in self._boxes[2:]]
            self._blocks = np.stack([*low, *high]) if len(starts) else np.empty((4, 0), np.float32)
        return self._blocks
