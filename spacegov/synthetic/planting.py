"""Planting: contradictions, encroachments, broken shapes and cases, each with its answer written down as it is made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely

from spacegov.synthetic import registers
from spacegov.synthetic.base import Base
from spacegov.synthetic.frame import CRS, Floats, to_millimetres
from spacegov.synthetic.land import BAMBOO, DRY, GRASS, ORCHARD, PADDY, SHRUB, TREES
from spacegov.synthetic.plans import Plans
from spacegov.synthetic.planted import Ground, rectangle

Truth = dict[str, Any]


def _append(layer: Any, rows: list[dict[str, Any]]) -> Any:
    """A layer with more rows."""
    import geopandas as gpd

    more = gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS)
    for column in layer.columns:
        if column not in more:
            more[column] = None
        elif column != "geometry":
            more[column] = more[column].astype(layer[column].dtype)
    with_more = pd.concat([layer, more[layer.columns]], ignore_index=True)
    return gpd.GeoDataFrame(with_more, geometry="geometry", crs=CRS)


def _cut(layer: Any, row: int, box: tuple[float, float, float, float]) -> None:
    """Take a rectangle out of the middle of a feature."""
    column = layer.columns.get_loc("geometry")
    shape = layer.geometry.iloc[row]
    layer.iloc[row, column] = shapely.Polygon(shape.exterior, [*shape.interiors, shapely.box(*box, ccw=False).exterior])


def _size(random: np.random.Generator, low: int, high: int) -> tuple[int, int]:
    """Even breadth and depth in metres."""
    breadth, depth = random.integers(low // 2, high // 2 + 1, 2) * 2
    return int(breadth), int(depth)


# name, plan that is added to, use, control, sub-zone, other plan's use, control and sub-zone, severity, how many, size
CONFLICTS = (
    (
        "afforestation-on-basic-farmland",
        "forest-plan",
        "afforestation",
        None,
        None,
        "land-use-plan",
        "farmland",
        "basic-farmland",
        None,
        "prohibited",
        10,
        (60, 110),
    ),
    (
        "afforestation-on-farmland",
        "forest-plan",
        "afforestation",
        None,
        None,
        "land-use-plan",
        "farmland",
        "farmland",
        None,
        "conditional",
        7,
        (30, 60),
    ),
    (
        "road-on-basic-farmland",
        "transport-plan",
        "transport",
        "transport-reserve",
        None,
        "land-use-plan",
        "farmland",
        "basic-farmland",
        None,
        "conditional",
        9,
        (30, 120),
    ),
    (
        "road-in-public-forest",
        "transport-plan",
        "transport",
        "transport-reserve",
        None,
        "forest-plan",
        "afforestation",
        "forest",
        "public-welfare",
        "conditional",
        5,
        (40, 140),
    ),
    (
        "road-through-urban",
        "transport-plan",
        "transport",
        "transport-reserve",
        None,
        "land-use-plan",
        "urban",
        "urban-boundary",
        "concentrated",
        "prohibited",
        5,
        (30, 60),
    ),
    (
        "water-works-on-basic-farmland",
        "water-plan",
        "water-works",
        "river-management",
        None,
        "land-use-plan",
        "farmland",
        "basic-farmland",
        None,
        "conditional",
        6,
        (40, 90),
    ),
    (
        "water-works-in-village",
        "water-plan",
        "water-works",
        "river-management",
        None,
        "land-use-plan",
        "village",
        None,
        None,
        "prohibited",
        3,
        (10, 24),
    ),
    (
        "urban-in-public-forest",
        "land-use-plan",
        "urban",
        "urban-boundary",
        "special-use",
        "forest-plan",
        "afforestation",
        "forest",
        "public-welfare",
        "prohibited",
        4,
        (60, 120),
    ),
    (
        "mining-in-commercial-forest",
        "land-use-plan",
        "mining",
        None,
        None,
        "forest-plan",
        "afforestation",
        "forest",
        "commercial",
        "conditional",
        3,
        (60, 100),
    ),
    (
        "special-land-in-public-forest",
        "land-use-plan",
        "special",
        None,
        None,
        "forest-plan",
        "afforestation",
        "forest",
        "public-welfare",
        "unknown",
        2,
        (50, 80),
    ),
)


def plant_conflicts(base: Base, plans: Plans, ground: Ground, forest_face: Any, random: np.random.Generator) -> Truth:
    """Put contradictory rectangles into the plans.

    Parameters
    ----------
    base, plans
        The county and its plans; the plans are changed.
    ground
        Faces of the county, each used once.
    forest_face
        Row of the forest plan for each face, -1 for none.
    random
        Source of randomness.

    Returns
    -------
    dict
        Truth: every conflict with its two plans, severity and area; one sliver that is none.
    """
    layers = plans.layers
    lup = layers["planned.land-use-plan"]
    category = layers["planned.forest-plan"]["sub_zone"].to_numpy()
    rows: list[Truth] = []
    new: dict[str, list[dict[str, Any]]] = {
        "forest-plan": [],
        "transport-plan": [],
        "water-plan": [],
        "land-use-plan": [],
    }
    uses, control = lup["use"].to_numpy(), lup["control"].to_numpy()
    wooded = np.zeros(len(uses), dtype=object)
    wooded[forest_face >= 0] = category[forest_face[forest_face >= 0]]
    for name, plan, use, own_control, own_zone, other, other_use, other_control, other_zone, severity, count, (
        low,
        high,
    ) in CONFLICTS:
        for number in range(count):
            breadth, depth = _size(random, low, high)
            if other == "forest-plan":
                fit = (wooded == other_zone) & ~plans.in_line & (plans.town == 0)
            else:
                fit = (uses == other_use) & (
                    control == other_control if other_control else np.ones(len(uses), dtype=bool)
                )
                fit &= (base.faces.origin == "natural") if other_use == "farmland" else (base.faces.origin == "block")
            face, centre = ground.take(random, fit, float(np.hypot(breadth, depth)) / 2 + 4)
            box = rectangle(centre, breadth, depth)
            shape = shapely.box(*box)
            area = float(breadth * depth)
            truth: Truth = {
                "kind": name,
                "plan_1": f"planned.{plan}",
                "use_1": use,
                "plan_2": f"planned.{other}",
                "use_2": other_use,
                "severity": severity,
                "area_m2": area,
                "box": list(box),
            }
            if name == "water-works-on-basic-farmland" and number == 0:
                hole = rectangle(centre, 20, 10)
                shape = shapely.difference(shape, shapely.box(*hole))
                truth |= {
                    "area_m2": area - 200.0,
                    "hole": list(hole),
                    "note": "the hole of 20 m by 10 m is no conflict, the ring around it is",
                }
            if plan == "land-use-plan":
                _cut(lup, face, box)
                truth["note"] = (
                    "the land-use plan's forest has a hole here, the forest plan has none: the hole is the conflict"
                )
            key = {
                "land-use-plan": ("patch_id", "LU9"),
                "forest-plan": ("plan_id", "FP9"),
                "transport-plan": ("plan_id", "TP9"),
                "water-plan": ("plan_id", "WP9"),
            }[plan]
            identity = f"{key[1]}{len(new[plan]) + 1:04d}"
            truth["feature_1"] = identity
            row: dict[str, Any] = {
                key[0]: identity,
                "use": use,
                "control": own_control,
                "sub_zone": own_zone,
                "geometry": shape,
            }
            row |= {
                "forest-plan": {"measure": "planting", "grade": 4},
                "transport-plan": {"project": f"New road {number + 1}"},
                "water-plan": {"work": "pumping station"},
                "land-use-plan": {
                    "class": {"urban": "0901", "mining": "1002", "special": "1506"}.get(use, "16"),
                    "phase": "planned",
                    "village_id": lup["village_id"].iloc[face],
                },
            }[plan]
            new[plan].append(row)
            rows.append(truth)
    sliver = _plant_sliver(plans, ground, forest_face, wooded, new, random)
    for plan, added in new.items():
        layers[f"planned.{plan}"] = _append(layers[f"planned.{plan}"], added)
    by_severity = {
        s: {
            "count": sum(r["severity"] == s for r in rows),
            "area_m2": sum(r["area_m2"] for r in rows if r["severity"] == s),
        }
        for s in ("prohibited", "conditional", "unknown")
    }
    return {
        "about": "Land-use, forest, transport and water plan set against each other. Equal uses never conflict; everything not listed agrees.",
        "total": {"count": len(rows), "area_m2": sum(r["area_m2"] for r in rows)},
        "by_severity": by_severity,
        "slivers": [sliver],
        "conflicts": rows,
    }


def _plant_sliver(
    plans: Plans,
    ground: Ground,
    forest_face: Any,
    wooded: Any,
    new: dict[str, list[dict[str, Any]]],
    random: np.random.Generator,
) -> Truth:
    """An urban patch and the wood around it overlap by one millimetre: a fault of drawing, no conflict."""
    lup, forest = plans.layers["planned.land-use-plan"], plans.layers["planned.forest-plan"]
    face, centre = ground.take(random, (wooded == "public-welfare") & ~plans.in_line & (plans.town == 0), 80.0)
    west, south, east, north = rectangle(centre, 100, 80)
    _cut(lup, face, (west, south, east, north))
    _cut(forest, int(forest_face[face]), (west, south, east - 0.001, north))
    new["land-use-plan"].append(
        {
            "patch_id": "LU90999",
            "use": "urban",
            "control": "urban-boundary",
            "sub_zone": "special-use",
            "class": "0901",
            "phase": "planned",
            "village_id": lup["village_id"].iloc[face],
            "geometry": shapely.box(west, south, east, north),
        }
    )
    return {
        "feature_1": "LU90999",
        "plan_1": "planned.land-use-plan",
        "plan_2": "planned.forest-plan",
        "width_m": 0.001,
        "length_m": 80.0,
        "area_m2": 0.08,
        "box": [east - 0.001, south, east, north],
    }


def plant_three_lines(base: Base, plans: Plans, ground: Ground, random: np.random.Generator) -> Truth:
    """Let the three lines overlap in known places: each kind of breach, enclaves that are none, and a sliver."""
    layers = plans.layers
    line, farm, boundary = (
        layers[f"planned.{n}"]
        for n in ("ecological-red-line", "permanent-basic-farmland", "urban-development-boundary")
    )
    new: dict[str, list[dict[str, Any]]] = {"line": [], "farm": [], "boundary": []}
    truth: list[Truth] = []

    def red(zone: str, box: tuple[float, float, float, float]) -> str:
        new["line"].append(
            {
                "line_id": f"ERL9{len(new['line']) + 1:02d}",
                "control": "red-line",
                "sub_zone": zone,
                "function": "soil-conservation",
                "issued": pd.Timestamp("2022-11-01"),
                "geometry": shapely.box(*box),
            }
        )
        return str(new["line"][-1]["line_id"])

    def urban(zone: str, box: tuple[float, float, float, float]) -> str:
        new["boundary"].append(
            {
                "boundary_id": f"UDB9{len(new['boundary']) + 1:02d}",
                "control": "urban-boundary",
                "sub_zone": zone,
                "township_id": "LH01",
                "issued": pd.Timestamp("2022-11-01"),
                "geometry": shapely.box(*box),
            }
        )
        return str(new["boundary"][-1]["boundary_id"])

    def plot(face: int, box: tuple[float, float, float, float]) -> str:
        new["farm"].append(
            {
                "plot_id": f"PBF9{len(new['farm']) + 1:04d}",
                "control": "basic-farmland",
                "class": "0101",
                "grade": 4,
                "village_id": registers.village_codes(base)[base.faces.village[face]],
                "issued": pd.Timestamp("2022-10-14"),
                "geometry": shapely.box(*box),
            }
        )
        return str(new["farm"][-1]["plot_id"])

    for zone in ("other", "core"):
        breadth, depth = _size(random, 80, 120)
        face, centre = ground.take(random, plans.farmland, float(np.hypot(breadth, depth)) / 2 + 4)
        box = rectangle(centre, breadth, depth)
        truth.append(
            {
                "kind": "red-line-farmland",
                "verdict": "breach",
                "feature": red(zone, box),
                "area_m2": float(breadth * depth),
                "box": list(box),
            }
        )
    for zone in ("flexible", "concentrated"):
        breadth, depth = _size(random, 80, 120)
        face, centre = ground.take(random, plans.farmland, float(np.hypot(breadth, depth)) / 2 + 4)
        box = rectangle(centre, breadth, depth)
        truth.append(
            {
                "kind": "farmland-boundary",
                "verdict": "breach",
                "feature": urban(zone, box),
                "area_m2": float(breadth * depth),
                "box": list(box),
                "note": "the boundary lies inside a larger plot: the plot is no enclave",
            }
        )
    inside = Ground.of(line.geometry.to_numpy())
    for zone, sub_zone in (("special-use", "other"), ("flexible", "core")):
        breadth, depth = _size(random, 100, 160)
        _, centre = inside.take(
            random, (line["sub_zone"] == sub_zone).to_numpy(), float(np.hypot(breadth, depth)) / 2 + 4
        )
        box = rectangle(centre, breadth, depth)
        truth.append(
            {
                "kind": "red-line-boundary",
                "verdict": "breach",
                "feature": urban(zone, box),
                "area_m2": float(breadth * depth),
                "box": list(box),
            }
        )
    for _ in range(3):
        breadth, depth = _size(random, 60, 100)
        face, centre = ground.take(
            random,
            (plans.town == 1) & np.isin(base.faces.member, (PADDY, DRY)) & (base.faces.origin == "natural"),
            float(np.hypot(breadth, depth)) / 2 + 4,
        )
        box = rectangle(centre, breadth, depth)
        truth.append(
            {
                "kind": "farmland-boundary",
                "verdict": "retained-enclave",
                "feature": plot(face, box),
                "area_m2": float(breadth * depth),
                "box": list(box),
            }
        )
    free = (
        ~plans.farmland
        & (plans.town == 0)
        & ~plans.in_line
        & (base.faces.origin == "natural")
        & np.isin(base.faces.member, (ORCHARD, GRASS, DRY, PADDY))
    )
    _, centre = ground.take(random, free, 62.0)
    west, south, east, north = rectangle(centre, 100, 60)
    middle = float(centre[0])
    first, second = red("other", (west, south, middle, north)), urban("flexible", (middle - 0.001, south, east, north))
    sliver = {
        "kind": "red-line-boundary",
        "verdict": "none",
        "features": [first, second],
        "width_m": 0.001,
        "length_m": 60.0,
        "area_m2": 0.06,
    }
    layers["planned.ecological-red-line"] = _append(line, new["line"])
    layers["planned.permanent-basic-farmland"] = _append(farm, new["farm"])
    layers["planned.urban-development-boundary"] = _append(boundary, new["boundary"])
    totals: Truth = {}
    for row in truth:
        entry = totals.setdefault(f"{row['kind']}/{row['verdict']}", {"count": 0, "area_m2": 0.0})
        entry["count"] += 1
        entry["area_m2"] += row["area_m2"]
    return {
        "about": "Overlaps of the three control lines. Nothing else overlaps.",
        "totals": totals,
        "overlaps": truth,
        "slivers": [sliver],
    }


def plant_changes(
    base: Base, plans: Plans, ground: Ground, random: np.random.Generator
) -> tuple[dict[str, Any], Truth]:
    """Change patches of 2025 and permits: some encroach on basic farmland or the red line, with and without a permit."""
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
        breadth, depth = _size(random, 24, 70)
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
        "about": "Change patches of 2025 inside protected areas; every other patch lies outside them. A permit counts while valid on the patch's date.",
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
    """A patch that overlaps a plot by one millimetre: no encroachment. It leans on the first planted plot from the east."""
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
        breadth, depth = _size(random, 16, 60)
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
        breadth, depth = _size(random, 40, 80)
        face, centre = ground.take(random, free, float(np.hypot(breadth, depth)) / 2 + 4)
        permit("building", rectangle(centre, breadth, depth), "2027-12-31", codes[base.faces.village[face]])


def broken_shapes(base: Base) -> tuple[Any, Truth]:
    """A delivery that nobody has checked: one record with each fault, and sound ones between."""
    seat = np.round(base.places[0].centre)
    at = np.array([seat[0] - 2_000, seat[1] + 4_000])

    def ring(points: list[tuple[float, float]], shift: int) -> list[tuple[float, float]]:
        return [(float(at[0] + 120 * shift + x), float(at[1] + y)) for x, y in points]

    square = [(0.0, 0.0), (60.0, 0.0), (60.0, 40.0), (0.0, 40.0), (0.0, 0.0)]
    circle = [(30 + 25 * np.cos(a), 20 + 18 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 12_001)[:-1]]
    shapes: list[tuple[str, Any]] = [
        ("self-intersection", shapely.Polygon(ring([(0, 0), (60, 40), (60, 0), (0, 40), (0, 0)], 0))),
        ("duplicate-points", shapely.Polygon(ring([(0, 0), (60, 0), (60, 0), (60, 40), (0, 40), (0, 0)], 1))),
        ("spike", shapely.Polygon(ring([(0, 0), (60, 0), (60, 40), (30, 40), (30, 95), (30, 40), (0, 40), (0, 0)], 2))),
        ("zero-area", shapely.Polygon(ring([(0, 0), (30, 0), (60, 0), (30, 0), (0, 0)], 3))),
        ("empty", shapely.Polygon()),
        ("missing", None),
        ("mixed-type", shapely.LineString(ring(square[:4], 6))),
        ("z-coordinate", shapely.Polygon([(*p, 35.0) for p in ring(square, 7)])),
        (
            "hole-outside",
            shapely.Polygon(ring(square, 8), [ring([(70, 10), (80, 10), (80, 20), (70, 20), (70, 10)], 8)]),
        ),
        (
            "nested-holes",
            shapely.Polygon(
                ring(square, 9),
                [
                    ring([(5, 5), (5, 35), (55, 35), (55, 5), (5, 5)], 9),
                    ring([(20, 15), (20, 25), (40, 25), (40, 15), (20, 15)], 9),
                ],
            ),
        ),
        (
            "overlapping-parts",
            shapely.MultiPolygon(
                [shapely.Polygon(ring(square, 10)), shapely.Polygon(ring([(30, 20), (90, 20), (90, 60), (30, 60)], 10))]
            ),
        ),
        ("too-many-vertices", shapely.Polygon(ring([(float(x), float(y)) for x, y in circle], 11))),
    ]
    rows, truth = [], []
    for number, (fault, shape) in enumerate(shapes):
        identity = f"SUB{2 * number + 1:03d}"
        rows.append({"record_id": identity, "class": "0101", "geometry": shape})
        truth.append({"record": identity, "fault": fault})
        rows.append(
            {
                "record_id": f"SUB{2 * number + 2:03d}",
                "class": "0103",
                "geometry": shapely.Polygon([(x, y - 200.0) for x, y in ring(square, number)]),
            }
        )
    import geopandas as gpd

    return gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS), {
        "layer": "artificial.survey-submission",
        "sound": len(shapes),
        "broken": len(shapes),
        "faults": truth,
    }


def drill_zones(base: Base, buildings: Any) -> tuple[Any, Truth]:
    """Inundation zones of a drill: whole villages, and city blocks between main streets, with everybody inside counted.

    The edges run along the middle of streets or round whole villages, so no building is cut, and who is inside follows
    from the building's block alone.
    """
    place_of = np.array([block.settlement for block in base.blocks])
    column, row = np.array([b.column for b in base.blocks]), np.array([b.row for b in base.blocks])
    block = buildings["block_id"].str[1:].astype(int).to_numpy() - 1
    residents, elderly = buildings["residents"].to_numpy(), buildings["elderly"].to_numpy()
    rows, truth = [], []

    def add(level: str, shape: Any, chosen: Any) -> None:
        inside = chosen[block]
        rows.append(
            {
                "zone_id": f"DZ{len(rows) + 1:02d}",
                "level": level,
                "depth_m": {"high": 1.8, "moderate": 0.9, "low": 0.3}[level],
                "geometry": shape,
            }
        )
        truth.append(
            {
                "zone": rows[-1]["zone_id"],
                "level": level,
                "buildings": int(inside.sum()),
                "residents": int(residents[inside].sum()),
                "elderly": int(elderly[inside].sum()),
            }
        )

    city = base.places[0]
    lines = city.main_columns
    middle = city.lattice.shape[1] // 2
    for level, left, low, high in (
        ("high", 1, middle - 7, middle - 3),
        ("moderate", 1, middle - 3, middle + 1),
        ("low", 2, middle - 6, middle),
    ):
        west, east = int(lines[len(lines) // 2 - 2 + left]), int(lines[len(lines) // 2 - 1 + left])
        part = city.lattice[west : east + 1, low : high + 1]
        ring = np.vstack([part[:, 0], part[-1, 1:], part[-2::-1, -1], part[0, -2:0:-1]])
        add(
            level,
            shapely.Polygon(ring),
            (place_of == 0) & (column >= west) & (column < east) & (row >= low) & (row < high),
        )
    villages = sorted(
        (p for p in base.places if p.kind == "village"),
        key=lambda p: (base.terrain.above_river[tuple(np.array(base.terrain.grid.locate(*p.centre)))], p.number),
    )
    for level, place in zip(("high", "high", "moderate", "moderate", "low", "low"), villages, strict=False):
        hull = shapely.transform(shapely.buffer(shapely.convex_hull(place.ground), 15.0), to_millimetres)
        add(level, hull, place_of == place.number)
    import geopandas as gpd

    totals: Truth = {}
    for entry_of in truth:
        entry = totals.setdefault(entry_of["level"], {"buildings": 0, "residents": 0, "elderly": 0})
        for key in entry:
            entry[key] += entry_of[key]
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS), {
        "layer": "natural.drill-zones",
        "totals": totals,
        "zones": truth,
    }


def cases(buildings: Any, random: np.random.Generator) -> tuple[Any, Truth]:
    """An outbreak: eight cases in six dwellings of the county town, with the blocks they lie in."""
    fit = buildings.index[
        (buildings["use"] == "residential") & (buildings["residents"] > 30) & (buildings["township_id"] == "LH01")
    ]
    size = buildings.groupby("block_id")["building_id"].count()
    chosen: list[int] = []
    used: set[str] = set()
    for index in random.permutation(fit.to_numpy()).tolist():
        block = str(buildings["block_id"].loc[index])
        if block not in used and 6 <= size[block] <= 40:
            chosen.append(index)
            used.add(block)
        if len(chosen) == 6:
            break
    shape = buildings.geometry.loc[chosen].to_numpy()
    place = shapely.transform(shapely.centroid(shape), to_millimetres)
    order = [0, 0, 1, 2, 2, 3, 4, 5]
    dates = [
        "2025-11-10",
        "2025-11-12",
        "2025-11-11",
        "2025-11-13",
        "2025-11-13",
        "2025-11-15",
        "2025-11-16",
        "2025-11-18",
    ]
    rows = {
        "case_id": [f"CASE{n + 1:02d}" for n in range(8)],
        "building_id": [buildings["building_id"].loc[chosen[o]] for o in order],
        "date": pd.to_datetime(dates).astype("datetime64[ms]"),
        "onset": (pd.to_datetime(dates) - pd.Timedelta(days=2)).astype("datetime64[ms]"),
        "isolated": (pd.to_datetime(dates) + pd.Timedelta(days=1)).astype("datetime64[ms]"),
        "kind": ["resident"] * 8,
    }
    truth = []
    for index in chosen:
        block = buildings["block_id"].loc[index]
        own = buildings["block_id"] == block
        truth.append(
            {
                "building": buildings["building_id"].loc[index],
                "block": block,
                "buildings_in_block": int(own.sum()),
                "residents_in_block": int(buildings["residents"][own].sum()),
                "elderly_in_block": int(buildings["elderly"][own].sum()),
            }
        )
    return registers.frame(rows, place[order]), {
        "layer": "artificial.outbreak-cases",
        "cases": 8,
        "buildings": len(chosen),
        "blocks": truth,
        "buildings_in_case_blocks": sum(t["buildings_in_block"] for t in truth),
        "residents_in_case_blocks": sum(t["residents_in_block"] for t in truth),
    }


def far_from_schools(blocks: Any, schools: Any) -> Truth:
    """Blocks that no school can serve within 1,500 m, since even a straight line is longer."""
    middle = shapely.get_coordinates(shapely.centroid(blocks.geometry.to_numpy()))
    place = shapely.get_coordinates(schools.geometry.to_numpy())
    away = np.hypot(middle[:, :1] - place[:, 0], middle[:, 1:] - place[:, 1]).min(axis=1)
    far = away > 1_500.0
    return {
        "about": "distance from a block's centroid to the nearest school in a straight line; by road it is longer still",
        "limit_m": 1_500.0,
        "blocks_certainly_unserved": int(far.sum()),
        "farthest": [
            {"block": blocks["block_id"].iloc[row], "distance_m": round(float(away[row]), 3)}
            for row in np.argsort(-away, kind="stable")[:5].tolist()
        ],
    }


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
