"""Shapes proved valid at import are trusted, and nothing else is: no copy, no change, no exchange in place."""

from __future__ import annotations

import gc
from collections.abc import Callable

import geopandas as gpd
import pytest
from shapely import Polygon

from spacegov import soundness
from spacegov.checks import checked
from spacegov.errors import InvalidGeometry
from spacegov.kinds import Polygons
from spacegov.soundness import is_sound, mark_sound
from tests.tiny import EAST, NORTH, parcels

BOWTIE = Polygon([(EAST, NORTH), (EAST + 10, NORTH + 10), (EAST + 10, NORTH), (EAST, NORTH + 10)])


@checked
def measure(places: Polygons) -> float:
    """Measure places."""
    return float(places.area.sum())


def proved() -> gpd.GeoDataFrame:
    frame = parcels()
    mark_sound(frame)
    return frame


def test_what_was_proved_is_trusted() -> None:
    frame = proved()
    assert is_sound(frame)
    assert not is_sound(parcels())
    assert measure(frame) == 1_000_000


def _in_place(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    frame.loc[2, "geometry"] = BOWTIE
    return frame


def _by_attrs(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    other = gpd.GeoDataFrame(frame[["use"]], geometry=[BOWTIE] * 4, crs=frame.crs)
    other.attrs = {**frame.attrs, "valid": True}
    return other


@pytest.mark.parametrize(
    "change",
    [
        _in_place,
        _by_attrs,
        lambda frame: frame.set_geometry([BOWTIE, *frame.geometry[1:]], crs=frame.crs),
        lambda frame: frame.assign(geometry=gpd.GeoSeries([BOWTIE] * 4, crs=frame.crs)),
        lambda frame: _in_place(frame.copy()),
        lambda frame: _in_place(frame.iloc[1:]),
    ],
)
def test_broken_shapes_in_a_frame_once_proved_are_refused(
    change: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame],
) -> None:
    changed = change(proved())
    assert not is_sound(changed)
    with pytest.raises(InvalidGeometry, match="broken"):
        measure(changed)


def test_nothing_is_kept_of_frames_that_are_gone() -> None:
    before = len(soundness._proved)
    frames = [proved() for _ in range(5)]
    assert len(soundness._proved) == before + 5
    del frames
    gc.collect()
    assert len(soundness._proved) == before
