"""Mending broken polygons on the way in, with what it did to the area on record.

A ring that touches itself at a point has one possible meaning and one area; such polygons are re-noded without asking,
and it is told. Every other fault leaves the area open and is mended only on request.
"""

from __future__ import annotations

from typing import Any

SAME_AREA = 1e-9
TOUCHING = "Ring Self-intersection"


def mend(role: str, frame: Any, *, all_faults: bool) -> Any:
    """Mend broken polygons.

    Parameters
    ----------
    role : str
        The input, for the report.
    frame : GeoDataFrame
        Polygons; other geometry passes unchanged.
    all_faults : bool
        Whether faults that change the area are mended too.

    Returns
    -------
    GeoDataFrame
        The same rows; what could not be mended without changing its area stays broken, for `@checked` to refuse.
    """
    import numpy as np
    import shapely

    from spacegov.ledger import doubt
    from spacegov.soundness import is_sound

    if not hasattr(frame, "geometry") or not len(frame) or is_sound(frame):
        return frame
    shapes = frame.geometry.values._data
    bad = np.flatnonzero(~shapely.is_valid(shapes) & (shapely.get_dimensions(shapes) == 2))
    if not len(bad):
        return frame
    mended = shapely.make_valid(shapes[bad], method="structure", keep_collapsed=False)
    before, after = shapely.area(shapes[bad]), shapely.area(mended)
    touching = np.array([reason.startswith(TOUCHING) for reason in shapely.is_valid_reason(shapes[bad])])
    unchanged = touching & (np.abs(after - before) <= SAME_AREA * np.abs(before))
    chosen = np.ones(len(bad), dtype=bool) if all_faults else unchanged
    if not chosen.any():
        return frame
    geometry = shapes.copy()
    geometry[bad[chosen]] = mended[chosen]
    repaired = frame.set_geometry(type(frame.geometry.array)(geometry, crs=frame.crs))
    repaired.attrs = dict(frame.attrs)
    where = f"{role} ({frame.attrs.get('layer', role)}), first record {frame.index[bad[chosen][0]]}"
    if (told := int((chosen & unchanged).sum())) > 0:
        doubt(f"{told} polygons whose rings touch themselves were re-noded, their area is unchanged", where)
    if (changed := chosen & ~unchanged).any():
        doubt(
            f"{int(changed.sum())} broken polygons were repaired, their area went from {before[changed].sum():.2f} m² "
            f"to {after[changed].sum():.2f} m²",
            where,
        )
    return repaired
