"""Units of area as tables state them."""

from __future__ import annotations

from typing import Literal, TypeAlias

AreaUnit: TypeAlias = Literal["m²", "ha", "km²", "mu"]
# 15 mu are one hectare
SQUARE_METRES: dict[str, float] = {"m²": 1.0, "ha": 10_000.0, "km²": 1_000_000.0, "mu": 10_000.0 / 15.0}
