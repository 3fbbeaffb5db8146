"""A province of any size, streamed to disk: counties side by side, some large layers and a thousand small ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from spacegov.errors import BadInput
from spacegov.synthetic import arrow_columns as columns
from spacegov.synthetic.frame import Floats
from spacegov.synthetic.lattice import (
    TOWN_CELLS,
    WITHIN,
    Ground,
    Province,
    county_ground,
    county_ring,
    mixed,
    shrunk,
    split,
)
from spacegov.synthetic.province_cards import LARGE, THEMES, VERSION, write_cards

Progress = Callable[[float, str], None]


def build_province(
    directory: str | Path, units: int, layers: int, seed: int = 2025, progress: Progress | None = None
) -> dict[str, Any]:
    """Make a workspace with about `units` records in exactly `layers` layers.

    Parameters
    ----------
    directory
        Folder of the new workspace; must not hold one.
    units
        Records wanted over all vector layers; met within about a tenth, from some ten thousand up.
    layers
        Layers wanted, at least eight. The small ones belong to single counties and cover only these.
    seed
        The same seed, units and layers give the same files.
    progress
        Called with the share done (0 to 1) and a word about what is being made.

    Returns
    -------
    dict
        `units` and `layers` made, `counties`, `seconds`.

    Raises
    ------
    BadInput
        Too few layers or units, or a folder that holds a workspace already.

    Notes
    -----
    One bent lattice lies under the whole province; a county is a rectangle of its cells, so the borders of neighbours
    are equal to the millimetre. Memory does not grow with the number of units: one county is made while the one before
    it is written.
    """
    folder = Path(directory)
    if layers < len(LARGE):
        raise BadInput(
            f"layers: {layers} were wanted, a province has at least {len(LARGE)}; ask for {len(LARGE)} or more"
        )
    if units < 10_000:
        raise BadInput(
            f"units: {units} were wanted, a province has at least 10000; ask for more, or take the sample county"
        )
    if (folder / "workspace.yaml").exists():
        raise BadInput(f"{folder}: there is a workspace already; give an empty folder")
    began = time.monotonic()
    province = Province.of(units, seed)
    folder.mkdir(parents=True, exist_ok=True)
    write_cards(folder, province.counties, layers)
    writers = {
        name: columns.LayerWriter(folder / "data" / name / f"{VERSION}.parquet", kind) for name, kind in LARGE.items()
    }
    small = _small_layers(province.counties, layers)
    share = max(int(units * 0.03 / max(layers - len(LARGE), 1)), 12)
    made = 0
    with ThreadPoolExecutor(2) as pool:
        # Two counties are in the making while one is written: more would only fill memory.
        waiting = [pool.submit(_county, province, n, small.get(n, []), share) for n in range(min(2, province.counties))]
        for number in range(province.counties):
            large, little = waiting.pop(0).result()
            if number + 2 < province.counties:
                waiting.append(pool.submit(_county, province, number + 2, small.get(number + 2, []), share))
            for name, batch in large.items():
                writers[name].add(batch)
            for name, batch in little.items():
                writer = columns.LayerWriter(folder / "data" / name / f"{VERSION}.parquet", "Polygon")
                writer.add(batch)
                made += writer.close()
            if number in small:
                _write_coverage(folder, province, number)
            if progress is not None:
                progress((number + 1) / province.counties, f"county {number + 1} of {province.counties}")
    made += sum(writer.close() for writer in writers.values())
    return {
        "units": made,
        "layers": layers,
        "counties": province.counties,
        "seconds": round(time.monotonic() - began, 2),
    }


def _write_coverage(folder: Path, province: Province, number: int) -> None:
    """The ground of one county, which is all that its small layers cover."""
    import shapely

    from spacegov.synthetic.registers import frame
    from spacegov.synthetic.write import write_frame

    ring = county_ring(province, number)
    write_frame(
        frame({"county": [number + 1]}, [shapely.Polygon(ring)]), folder / "data" / f"coverage-{number + 1:04d}.parquet"
    )


def _small_layers(counties: int, layers: int) -> dict[int, list[str]]:
    """Ids of the small layers by county."""
    result: dict[int, list[str]] = {}
    for number in range(layers - len(LARGE)):
        theme, county = divmod(number, counties)
        space, name = THEMES[theme % len(THEMES)][:2]
        again = theme // len(THEMES)
        result.setdefault(county, []).append(f"{space}.{name}-{county + 1:04d}" + (f"-{again + 1}" if again else ""))
    return result


def _geometry(corners: Floats) -> dict[str, Any]:
    return {"geometry": columns.polygons(corners), "bbox": columns.boxes(corners)}


def _county(province: Province, number: int, small: list[str], share: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """All columns of one county: of the large layers, and of the small layers that are its own."""
    import pyarrow as pa

    ground = county_ground(province, number)
    count = len(ground.cells)
    first = number * province.breadth * province.depth
    serial = first + np.arange(count)
    towns = (province.breadth // TOWN_CELLS[0] + 1) * (province.depth // TOWN_CELLS[1] + 1)
    township = columns.numbered("T", number * towns + ground.town, 7)
    cells = _geometry(ground.cells)
    luck = ground.luck
    x, y = ground.cells.mean(axis=1).T
    hills = (
        np.sin(x / 2_900 + 0.8 * np.sin(y / 4_100))
        + np.sin(y / 3_300 - 0.9 * np.sin(x / 5_200))
        + 0.5 * np.sin((x + y) / 900)
        + 0.9 * luck
    )
    kind = np.where(ground.built, 4, np.digitize(hills, [0.9, 1.55, 1.9]))
    large: dict[str, Any] = {
        "artificial.land-survey": {
            "patch_id": columns.numbered("TB", serial, 9),
            "class": columns.chosen(("0101", "0103", "0201", "0301", "0701"), kind),
            "township_id": township,
            **cells,
        },
        "planned.land-use-plan": {
            "patch_id": columns.numbered("LU", serial, 9),
            "township_id": township,
            "use": columns.chosen(
                ("farmland", "farmland", "farmland", "afforestation", "urban"),
                np.where((ground.near < 1.25) & (kind < 3) & (luck < 0.5), 4, kind),
            ),
            **cells,
        },
    }
    plots = np.flatnonzero((kind < 2) & (ground.near > 1.3) & ((luck * 13.7) % 1.0 < 0.88))
    large["planned.permanent-basic-farmland"] = {
        "plot_id": columns.numbered("PF", serial[plots], 9),
        "grade": pa.array((3 + 6 * luck[plots]).astype(np.int32)),
        "township_id": township.take(pa.array(plots)),
        **_geometry(ground.cells[plots]),
    }
    large |= _built(ground, serial, township)
    large |= _borders(province, number, towns)
    own = {}
    for order, name in enumerate(small):
        luck_of = mixed(serial, np.full(count, order + 11), province.seed + 9)
        rows = np.sort(np.argpartition(luck_of, min(share, count - 1))[:share])
        size = 0.30 + 0.65 * luck_of[rows] / max(float(luck_of[rows].max()), 1e-9)
        own[name] = {
            "record_id": columns.numbered("R", serial[rows], 9),
            "grade": pa.array((1 + 4 * luck[rows]).astype(np.int32)),
            "township_id": township.take(pa.array(rows)),
            **_geometry(shrunk(ground.cells[rows], size, 1.2 - size)),
        }
    return large, own


def _built(ground: Ground, serial: Any, township: Any) -> dict[str, Any]:
    """Parcels and buildings of the built cells, and the streets along them."""
    import pyarrow as pa

    at = np.flatnonzero(ground.built)
    pieces = WITHIN * WITHIN
    inner = shrunk(ground.cells[at], np.full(len(at), 0.93), np.full(len(at), 0.88))
    parcels = split(inner, WITHIN)
    owner = np.repeat(at, pieces)
    number = serial[owner] * pieces + np.tile(np.arange(pieces), len(at))
    luck = mixed(number, number // 7, 3)
    town = ground.near[owner]
    floors = np.where(
        town < 0.35,
        3 + (luck * 22).astype(np.int64),
        np.where(town < 1, 2 + (luck * 6).astype(np.int64), 1 + (luck * 3).astype(np.int64)),
    )
    stands = luck > 0.04
    use = np.where(town < 0.3, np.where(luck < 0.35, 1, 0), np.where(luck > 0.93, 2, 0))
    place = township.take(pa.array(owner))
    shapes = shrunk(parcels[stands], 0.42 + 0.30 * luck[stands], 0.40 + 0.25 * luck[stands])
    homes = np.where(use == 0, floors * 2, 0)
    people = (homes * (1.2 + 2.2 * luck)).astype(np.int64)
    words = ("residential", "commercial", "industry")
    ends = np.concatenate([ground.cells[at][:, [0, 1]], ground.cells[at][:, [0, 3]]])
    return {
        "artificial.parcels": {
            "parcel_id": columns.numbered("P", number, 11),
            "use": columns.chosen(words, use),
            "township_id": place,
            **_geometry(parcels),
        },
        "artificial.buildings": {
            "building_id": columns.numbered("J", number[stands], 11),
            "use": columns.chosen(words, use[stands]),
            "floors": pa.array(floors[stands].astype(np.int32)),
            "residents": pa.array(people[stands].astype(np.int32)),
            "parcel_id": columns.numbered("P", number[stands], 11),
            "township_id": place.filter(pa.array(stands)),
            **_geometry(shapes),
        },
        "artificial.roads": {
            "road_id": columns.numbered("D", np.arange(len(ends)) + serial[0] * 2, 10),
            "rank": columns.chosen(("side",), np.zeros(len(ends), dtype=np.int64)),
            "geometry": columns.lines(ends),
            "bbox": columns.boxes(ends),
        },
    }


def _borders(province: Province, number: int, towns: int) -> dict[str, Any]:
    """The county's polygon and those of its townships, along lattice lines that they share with their neighbours."""
    import pyarrow as pa
    import shapely

    def columns_of(shapes: Any, names: dict[str, Any]) -> dict[str, Any]:
        limits = shapely.bounds(shapes)
        box = pa.StructArray.from_arrays(
            [pa.array(limits[:, k]) for k in range(4)], names=["xmin", "ymin", "xmax", "ymax"]
        )
        return {**names, "geometry": pa.array(shapely.to_wkb(shapes), type=pa.binary()), "bbox": box}

    west, south = province.origin(number)
    numbers, rings = [], []
    for across in range(0, province.breadth, TOWN_CELLS[0]):
        for along in range(0, province.depth, TOWN_CELLS[1]):
            i = np.arange(across, min(across + TOWN_CELLS[0], province.breadth) + 1) + west
            j = np.arange(along, min(along + TOWN_CELLS[1], province.depth) + 1) + south
            nodes = province.nodes(*np.meshgrid(i, j, indexing="ij"))
            rings.append(shapely.Polygon(np.vstack([nodes[:, 0], nodes[-1, 1:], nodes[-2::-1, -1], nodes[0, -2:0:-1]])))
            numbers.append(
                number * towns
                + across // TOWN_CELLS[0] * (province.depth // TOWN_CELLS[1] + 1)
                + along // TOWN_CELLS[1]
            )
    county = columns.numbered("C", np.array([number + 1]), 4)
    return {
        "artificial.county": columns_of(
            np.array([shapely.Polygon(county_ring(province, number))], dtype=object), {"county_id": county}
        ),
        "artificial.townships": columns_of(
            np.array(rings, dtype=object),
            {
                "township_id": columns.numbered("T", np.array(numbers), 7),
                "county_id": columns.numbered("C", np.full(len(rings), number + 1), 4),
            },
        ),
    }
