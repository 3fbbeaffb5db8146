"""Planted encroachments and the permits that cover some of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely

from spacegov.synthetic import registers
from spacegov.synthetic.base import Base
from spacegov.synthetic.frame import CRS, Floats, to_millimetres
from spacegov.synthetic.land import BAMBOO, SHRUB, TREES
from spacegov.synthetic.plans import Plans
from spacegov.synthetic.planted import Ground, Truth, even_size, rectangle


def plant_changes(
    base: Base, plans: Plans, ground: Ground, random: np.random.Generator
) -> tuple[dict[str, Any], Truth]:
    """Change patches of 2025 and permits: some encroach on farmland or red line, with and without a permit."""
    patches: list[dict[str, Any]] = []
    permits: list[dict[str, Any]] = []
    truth: list[Truth] = []
    codes = registers.village_codes(base)

    def patch(kind: str, shape: Any, village: str, day: int) -> str:
        patches.append(
            {
                "patch_id": f"CH{len(patches) + 1:04d}",
                "kind": kind,
                "date_before": pd.Timestamp("2024-12-15"),
                "date": pd.Timestamp("2025-01-01") + pd.Timedelta(days=day),
                "source": "satellite 0.8 m",
                "village_id": village,
                "geometry": shape,
            }
        )
        return str(patches[-1]["patch_id"])

    def permit(kind: str, box: Any, valid_to: str, village: str) -> str:
        permits.append(
            {
                "permit_id": f"PM{len(permits) + 1:04d}",
                "kind": kind,
                "issued": pd.Timestamp("2023-05-10"),
                "valid_to": pd.Timestamp(valid_to),
                "holder": f"Holder {len(permits) + 1}",
                "village_id": village,
                "geometry": shapely.box(*box),
            }
        )
        return str(permits[-1]["permit_id"])

    cases = (
        [("building", "none")] * 4
        + [("road", "none"), ("pond", "none"), ("solar", "none"), ("excavation", "none")]
        + [("road", "full")] * 2
        + [("building", "full"), ("pond", "full")]
        + [("building", "half")] * 2
        + [("building", "expired")]
    )
    inside = Ground.of(plans.layers["planned.ecological-red-line"].geometry.to_numpy())
    planted = [("planned.permanent-basic-farmland", k, p) for k, p in cases]
    planted += [
        ("planned.ecological-red-line", k, p)
        for k, p in (
            ("road", "none"),
            ("excavation", "none"),
            ("building", "none"),
            ("road", "full"),
            ("building", "none"),
        )
    ]
    base_zone = plans.layers["planned.ecological-red-line"]["line_id"].str.startswith("ERL9").to_numpy()
    for protected, kind, paper in planted:
        breadth, depth = even_size(random, 24, 70)
        reach = float(np.hypot(breadth, depth)) / 2 + 8
        if protected.endswith("farmland"):
            face, centre = ground.take(random, plans.farmland, reach)
            village = codes[base.faces.village[face]]
        else:
            inside.used[:] = base_zone
            large = np.flatnonzero(~base_zone & (inside.centres == inside.centres))
            piece = int(large[len(truth) % len(large)])
            centre = _place_inside(
                random,
                inside.shapes[piece],
                reach,
                [np.array(t["box"]) for t in truth]
                + [
                    np.array(s.bounds)
                    for s in plans.layers["planned.urban-development-boundary"].geometry
                    if s.area < 3e4
                ],
            )
            village = codes[
                int(shapely.STRtree(base.village_shapes).query(shapely.Point(centre), predicate="intersects")[0])
            ]
        west, south, east, north = rectangle(centre, breadth, depth)
        identity = patch(kind, shapely.box(west, south, east, north), village, int(random.integers(20, 330)))
        papers: list[str] = []
        permitted = 0.0
        if paper == "full":
            papers.append(permit(kind, (west - 4, south - 4, east + 4, north + 4), "2027-05-09", village))
            permitted = float(breadth * depth)
        elif paper == "half":
            papers.append(permit(kind, (west - 4, south - 4, float(centre[0]), north + 4), "2027-05-09", village))
            permitted = float(breadth * depth) / 2
        elif paper == "expired":
            papers.append(permit(kind, (west - 4, south - 4, east + 4, north + 4), "2024-05-09", village))
        truth.append(
            {
                "patch": identity,
                "protected": protected,
                "kind": kind,
                "permit": paper,
                "permits": papers,
                "area_m2": float(breadth * depth),
                "permitted_m2": permitted,
                "share": 1.0,
                "box": [west, south, east, north],
            }
        )
    sliver = _touching_patch(plans, patch)
    harmless = _harmless(base, plans, ground, random, patch, codes)
    _other_permits(base, plans, ground, random, permit, codes)
    totals: Truth = {}
    for row in truth:
        entry = totals.setdefault(
            row["protected"], {"count": 0, "area_m2": 0.0, "permitted_m2": 0.0, "unpermitted_count": 0}
        )
        entry["count"] += 1
        entry["area_m2"] += row["area_m2"]
        entry["permitted_m2"] += row["permitted_m2"]
        entry["unpermitted_count"] += row["permit"] != "full"
    import geopandas as gpd

    layers = {
        "artificial.change-patches": gpd.GeoDataFrame(patches, geometry="geometry", crs=CRS),
        "artificial.permits": gpd.GeoDataFrame(permits, geometry="geometry", crs=CRS),
    }
    for layer, columns in (
        (layers["artificial.change-patches"], ("date_before", "date")),
        (layers["artificial.permits"], ("issued", "valid_to")),
    ):
        for column in columns:
            layer[column] = layer[column].astype("datetime64[ms]")
    return layers, {
        "about": "Change patches of 2025 inside protected areas; every other patch lies outside them. "
        "A permit counts while valid on the patch's date.",
        "totals": totals,
        "encroachments": truth,
        "harmless_patches": harmless,
        "slivers": [sliver],
    }


def _place_inside(random: np.random.Generator, shape: Any, reach: float, taken: list[Floats]) -> Floats:
    """A place in whole metres that lies deeper than `reach` in a shape and away from boxes already placed."""
    deep = shapely.buffer(shape, -reach - 2)
    west, south, east, north = deep.bounds
    boxes = np.array(taken).reshape(-1, 4)
    for _ in range(20_000):
        place = np.round(random.uniform((west, south), (east, north)))
        gap = np.maximum(
            np.maximum(boxes[:, 0] - place[0], place[0] - boxes[:, 2]),
            np.maximum(boxes[:, 1] - place[1], place[1] - boxes[:, 3]),
        )
        if shapely.contains_xy(deep, place[0], place[1]) and (len(boxes) == 0 or gap.min() > reach + 20):
            return place
    raise ValueError("no free place inside the red line; take another seed")


def _touching_patch(plans: Plans, patch: Any) -> Truth:
    """A patch that leans on the first planted plot from the east and overlaps it by one millimetre: none."""
    farm = plans.layers["planned.permanent-basic-farmland"]
    plot = farm.index[farm["plot_id"] == "PBF90001"][0]
    west, south, east, north = farm.geometry.loc[plot].bounds
    identity = patch(
        "building", shapely.box(east - 0.001, south + 10, east + 30, south + 40), str(farm["village_id"].loc[plot]), 100
    )
    del west, north
    return {
        "patch": identity,
        "protected": "planned.permanent-basic-farmland",
        "width_m": 0.001,
        "length_m": 30.0,
        "area_m2": 0.03,
    }


def _harmless(
    base: Base, plans: Plans, ground: Ground, random: np.random.Generator, patch: Any, codes: list[str]
) -> int:
    """Patches on ground that nothing protects, turned as such things lie."""
    free = (
        ~plans.farmland
        & ~plans.in_line
        & (base.faces.origin == "natural")
        & ~np.isin(base.faces.member, (TREES, BAMBOO, SHRUB))
    )
    kinds = ("building", "building", "road", "pond", "greenhouse", "solar", "excavation")
    count = 120
    for number in range(count):
        breadth, depth = even_size(random, 16, 60)
        face, centre = ground.take(random, free, float(np.hypot(breadth, depth)) / 2 + 4)
        turn = random.uniform(-0.7, 0.7)
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [breadth / 2, depth / 2]
        turned = corners @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + centre
        patch(
            kinds[number % len(kinds)],
            shapely.Polygon(to_millimetres(turned)),
            codes[base.faces.village[face]],
            int(random.integers(10, 340)),
        )
    return count


def _other_permits(
    base: Base, plans: Plans, ground: Ground, random: np.random.Generator, permit: Any, codes: list[str]
) -> None:
    """Permits of projects that changed nothing yet."""
    free = (plans.town == 1) & (base.faces.origin == "natural")
    for _ in range(25):
        breadth, depth = even_size(random, 40, 80)
        face, centre = ground.take(random, free, float(np.hypot(breadth, depth)) / 2 + 4)
        permit("building", rectangle(centre, breadth, depth), "2027-12-31", codes[base.faces.village[face]])


def unpermitted(patches: Any, encroachments: Truth) -> Truth:
    """Building patches of 2025 by permit: those planted with papers, and all others, which have none."""
    papers = {row["patch"]: row["permit"] for row in encroachments["encroachments"]}
    verdict = {"full": "permitted", "half": "partly", "none": "unpermitted", "expired": "unpermitted"}
    buildings = patches[patches["kind"] == "building"]
    answers = [verdict[papers.get(patch, "none")] for patch in buildings["patch_id"]]
    return {
        "layer": "artificial.change-patches",
        "kind": "building",
        "patches": len(answers),
        **{name: answers.count(name) for name in ("permitted", "partly", "unpermitted")},
        "note": "no patch lies on an older building",
    }
