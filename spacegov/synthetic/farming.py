"""Farmland in the registers: parcels with ridges, two land surveys, conversion and replacement, temporary land."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely

from spacegov.synthetic import registers
from spacegov.synthetic.base import Base, Draws
from spacegov.synthetic.frame import Floats
from spacegov.synthetic.land import DRY, GRASS, ORCHARD, PADDY
from spacegov.synthetic.plans import Plans
from spacegov.synthetic.planted import Ground, rectangle

EARTH_RADIUS_M = 6_370_000.0
CADASTRE = ("LH04", "LH05", "LH06", "LH07")  # townships whose farm parcels are registered


def registered_area(shapes: Any) -> Floats:
    """Area on the ellipsoid in m²: the plane area over the square of the grid's scale at the shape's middle."""
    middle = shapely.get_coordinates(shapely.centroid(shapes))[:, 0] - 500_000.0
    scale = 1 + middle**2 / (2 * EARTH_RADIUS_M**2)
    return np.asarray(np.round(shapely.area(shapes) / scale**2, 2), dtype=np.float64)


def with_registered_areas(survey: Any) -> Any:
    """The land survey with its registered area, the area of ridges in it, and the net area (TBMJ, KCMJ, TBDLMJ)."""
    whole = registered_area(survey.geometry.to_numpy())
    ridges = np.round(whole * survey["ridge_share"].to_numpy(), 2)
    columns = survey.drop(columns="geometry").assign(TBMJ=whole, KCMJ=ridges, TBDLMJ=np.round(whole - ridges, 2))
    return registers.frame({name: columns[name].to_numpy() for name in columns}, survey.geometry.to_numpy())


def farm_parcels(base: Base, plans: Plans, survey: Any, random: np.random.Generator) -> Any:
    """Registered farm parcels of four townships, with ridges and the household that works them."""
    codes = np.array(registers.village_codes(base))[base.faces.village]
    rows = np.flatnonzero(
        np.isin(plans.survey, ("0101", "0103"))
        & np.isin([c[:4] for c in codes], CADASTRE)
        & (shapely.area(base.faces.shapes) > 1_500)
    )
    return registers.frame(
        {
            "parcel_id": [f"FP{n + 1:05d}" for n in range(len(rows))],
            "class": plans.survey[rows].astype(object),
            "TBMJ": survey["TBMJ"].to_numpy()[rows],
            "KCMJ": survey["KCMJ"].to_numpy()[rows],
            "TBDLMJ": survey["TBDLMJ"].to_numpy()[rows],
            "households": random.integers(1, 14, len(rows)),
            "crop": random.choice(["rice", "rice and rape", "vegetables", "maize"], len(rows)),
            "village_id": codes[rows],
        },
        base.faces.shapes[rows],
    )


def earlier_survey(base: Base, plans: Plans, random: np.random.Generator) -> tuple[Any, dict[str, Any]]:
    """The land survey of 2020 and the truth of what became of it by 2025."""
    faces = base.faces
    now = plans.survey.astype(object)
    before = now.copy()
    draw = random.random(len(now))
    use = np.array(
        [
            base.blocks[m].use if o == "block" else ""
            for o, m in zip(faces.origin.tolist(), faces.member.tolist(), strict=True)
        ]
    )
    before[np.isin(use, ("industry", "storage", "blank")) & (draw < 0.42)] = "0101"
    before[(use == "residential") & (draw < 0.07)] = "0103"
    natural = faces.origin == "natural"
    before[natural & (faces.member == ORCHARD) & (draw < 0.16)] = "0103"
    before[natural & (faces.member == GRASS) & (draw < 0.12)] = "0301"
    before[natural & (faces.member == PADDY) & (draw < 0.006)] = "1104"
    area = shapely.area(faces.shapes)
    changed = np.flatnonzero(before != now)
    matrix: dict[str, dict[str, Any]] = {}
    for row in changed.tolist():
        entry = matrix.setdefault(f"{before[row]}>{now[row]}", {"patches": 0, "area_m2": 0.0})
        entry["patches"] += 1
        entry["area_m2"] += float(area[row])
    codes = np.array(registers.village_codes(base))[faces.village]
    shapes, columns = [], []
    keys = pd.Series(codes) + "/" + pd.Series(before)
    for key, rows in keys.groupby(keys, sort=True).groups.items():
        village, _, kind = str(key).partition("/")
        group = faces.shapes[np.asarray(rows)]
        merged = shapely.get_parts(shapely.coverage_union_all(group))
        shapes += list(merged)
        columns += [(kind, village)] * len(merged)
    layer = registers.frame(
        {
            "patch_id": [f"TA{n + 1:06d}" for n in range(len(shapes))],
            "class": [c[0] for c in columns],
            "village_id": [c[1] for c in columns],
            "surveyed": pd.Timestamp("2020-12-31"),
        },
        shapes,
    )
    layer["surveyed"] = layer["surveyed"].astype("datetime64[ms]")
    truth = {
        "from": "artificial.land-survey-2020",
        "to": "artificial.land-survey",
        "changed_m2": float(area[changed].sum()),
        "transitions": {
            k: {"patches": v["patches"], "area_m2": round(v["area_m2"], 3)} for k, v in sorted(matrix.items())
        },
    }
    return layer, truth


def conversion_and_replacement(
    base: Base, plans: Plans, ground: Ground, draws: Draws
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Farmland given up for projects and farmland made elsewhere: rectangles, so the balance is known."""
    random = draws("conversion")
    codes = registers.village_codes(base)
    taken: list[dict[str, Any]] = []
    made: list[dict[str, Any]] = []
    truth: list[dict[str, Any]] = []
    natural = base.faces.origin == "natural"
    for project in range(6):
        name = f"PR{project + 1:02d}"
        occupied, paddy = 0.0, 0.0
        for _ in range(int(random.integers(3, 6))):
            kind = "0101" if random.random() < 0.6 else "0103"
            breadth, depth = (int(v) * 2 for v in random.integers(20, 45, 2))
            face, centre = ground.take(
                random,
                natural & ~plans.farmland & (plans.survey == kind) & (plans.town != 2),
                float(np.hypot(breadth, depth)) / 2 + 4,
            )
            grade = int(random.integers(3, 8))
            taken.append(
                {
                    "approval_id": f"CV{len(taken) + 1:03d}",
                    "project_id": name,
                    "class": kind,
                    "grade": grade,
                    "year": 2024 + project % 2,
                    "approved": pd.Timestamp(f"{2024 + project % 2}-03-15"),
                    "village_id": codes[base.faces.village[face]],
                    "geometry": shapely.box(*rectangle(centre, breadth, depth)),
                }
            )
            occupied += breadth * depth
            paddy += breadth * depth * (kind == "0101")
        restored, paddy_made = 0.0, 0.0
        short = project in (1, 4)
        while restored < (0.6 if short else 1.0) * occupied:
            kind = "0101" if random.random() < (0.3 if project == 2 else 0.7) else "0103"
            breadth, depth = (int(v) * 2 for v in random.integers(16, 36, 2))
            face, centre = ground.take(
                random,
                natural & np.isin(base.faces.member, (GRASS, ORCHARD)) & (plans.slope < 24) & ~plans.in_line,
                float(np.hypot(breadth, depth)) / 2 + 4,
            )
            made.append(
                {
                    "supplement_id": f"SP{len(made) + 1:03d}",
                    "project_id": name,
                    "class": kind,
                    "grade": int(random.integers(4, 10)),
                    "year": 2024 + project % 2,
                    "accepted": pd.Timestamp(f"{2024 + project % 2}-11-20"),
                    "village_id": codes[base.faces.village[face]],
                    "geometry": shapely.box(*rectangle(centre, breadth, depth)),
                }
            )
            restored += breadth * depth
            paddy_made += breadth * depth * (kind == "0101")
        truth.append(
            {
                "project": name,
                "occupied_m2": occupied,
                "supplemented_m2": restored,
                "gap_m2": max(occupied - restored, 0.0),
                "occupied_paddy_m2": paddy,
                "supplemented_paddy_m2": paddy_made,
                "paddy_gap_m2": max(paddy - paddy_made, 0.0),
            }
        )
    layers = {
        "artificial.conversion-approvals": _dated(taken, "approved"),
        "artificial.supplement-parcels": _dated(made, "accepted"),
    }
    return layers, {
        "projects": truth,
        "occupied_m2": sum(t["occupied_m2"] for t in truth),
        "supplemented_m2": sum(t["supplemented_m2"] for t in truth),
    }


def _dated(rows: list[dict[str, Any]], *dates: str) -> Any:
    columns = {name: [row[name] for row in rows] for name in rows[0] if name != "geometry"}
    layer = registers.frame(columns, [row["geometry"] for row in rows])
    for name in dates:
        layer[name] = pd.to_datetime(layer[name]).astype("datetime64[ms]")
    return layer


def temporary_land(base: Base, plans: Plans, ground: Ground, draws: Draws) -> tuple[Any, dict[str, Any]]:
    """Land lent for works: some is back, some is due, some is overdue on the last day of 2025."""
    random = draws("temporary")
    codes = registers.village_codes(base)
    today = pd.Timestamp("2025-12-31")
    rows, truth = [], []
    for number in range(16):
        breadth, depth = (int(v) * 2 for v in random.integers(15, 40, 2))
        face, centre = ground.take(
            random,
            (base.faces.origin == "natural")
            & ~plans.farmland
            & ~plans.in_line
            & np.isin(base.faces.member, (PADDY, DRY, GRASS)),
            float(np.hypot(breadth, depth)) / 2 + 4,
        )
        years = 4 if number % 4 == 0 else 2
        approved = pd.Timestamp("2020-06-01") + pd.Timedelta(days=int(random.integers(0, 1_900)))
        ends = approved + pd.DateOffset(years=years)
        due = ends + pd.DateOffset(years=1)
        reclaimed: Any = pd.NaT
        if due < today and number % 3:
            reclaimed = due - pd.Timedelta(days=int(random.integers(20, 300)))
        state = (
            "reclaimed"
            if not pd.isna(reclaimed)
            else "overdue"
            if due < today
            else "to-reclaim"
            if ends < today
            else "running"
        )
        rows.append(
            {
                "land_id": f"TL{number + 1:03d}",
                "kind": "energy" if years == 4 else "construction",
                "approved": approved,
                "ends": ends,
                "reclaimed": reclaimed,
                "village_id": codes[base.faces.village[face]],
                "geometry": shapely.box(*rectangle(centre, breadth, depth)),
            }
        )
        truth.append(
            {"land": f"TL{number + 1:03d}", "state": state, "ends": str(ends.date()), "reclaim_by": str(due.date())}
        )
    return _dated(rows, "approved", "ends", "reclaimed"), {"on": "2025-12-31", "land": truth}
