"""Papers of land: filings that cover changes on the ground, and the approved ground of supplied parcels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely

from spacegov.synthetic import registers
from spacegov.synthetic.base import Base, Draws
from spacegov.synthetic.frame import Floats, to_millimetres

FARMLAND = ("0101", "0103")
OTHER_FARM = ("0201", "0202", "0301", "0302")
_TERM = {"in force": ("2024-11-20", "2029-11-19"), "over": ("2022-11-20", "2024-11-19"), "later": ("2025-12-20", None)}

# kind of change, land before, papers with their ground and term, verdict, papers missing, share covered
FILED: tuple[tuple[str, tuple[str, ...], tuple[tuple[str, str, str], ...], str, str, float], ...] = (
    ("greenhouse", FARMLAND, (("farm-facility", "all", "in force"),), "legal", "", 1.0),
    ("greenhouse", FARMLAND, (("farm-facility", "half", "in force"),), "partly", "farm-facility", 0.5),
    ("greenhouse", FARMLAND, (("farm-facility", "all", "over"),), "papers_missing", "farm-facility", 0.0),
    ("greenhouse", FARMLAND, (("farm-facility", "all", "later"),), "papers_missing", "farm-facility", 0.0),
    (
        "building",
        FARMLAND,
        (("conversion", "all", "in force"), ("permit", "all", "in force")),
        "legal",
        "",
        1.0,
    ),
    ("building", FARMLAND, (("linked", "all", "in force"), ("permit", "all", "in force")), "legal", "", 1.0),
    ("building", FARMLAND, (("conversion", "all", "in force"),), "papers_missing", "permit", 0.0),
    (
        "building",
        FARMLAND,
        (("conversion", "all", "in force"), ("permit", "half", "in force")),
        "partly",
        "permit",
        0.5,
    ),
    ("excavation", FARMLAND, (("temporary", "all", "in force"),), "legal", "", 1.0),
    ("excavation", FARMLAND, (("temporary", "all", "over"),), "papers_missing", "temporary", 0.0),
    ("road", FARMLAND, (("conversion", "all", "in force"),), "legal", "", 1.0),
    ("pond", FARMLAND, (("farm-facility", "all", "in force"),), "legal", "", 1.0),
    ("solar", FARMLAND, (("compound-use", "all", "in force"),), "prohibited", "", 0.0),
    ("solar", OTHER_FARM, (("compound-use", "all", "in force"),), "legal", "", 1.0),
)


def land_filings(changes: Any, before: Any, villages: Any) -> tuple[Any, dict[str, Any]]:
    """Filings and approvals of all kinds, each over a change patch whose verdict follows.

    Parameters
    ----------
    changes
        Change patches.
    before
        The land survey before the changes.
    villages
        Villages, for the place of a filing.

    Returns
    -------
    tuple
        The layer, and the truth: patch, verdict, missing papers, share covered.
    """
    ordered = changes.sort_values("patch_id")
    shapes = ordered.geometry.to_numpy()
    survey = before.geometry.to_numpy()
    patch, face = shapely.STRtree(survey).query(shapes, predicate="within")
    classes = np.full(len(ordered), "", dtype=object)
    classes[patch] = before["class"].to_numpy()[face]
    # planted encroachments and the sliver come first; only the harmless patches after them get filings
    free = ordered["patch_id"].str[2:].astype(int).to_numpy() > 21
    places = shapely.STRtree(villages.geometry.to_numpy())
    rows: list[dict[str, Any]] = []
    truth: list[dict[str, Any]] = []
    for kind, allowed, papers, verdict, missing, share in FILED:
        fit = np.flatnonzero(free & (ordered["kind"] == kind).to_numpy() & np.isin(classes, allowed))
        chosen = int(fit[0])
        free[chosen] = False
        own = ordered.iloc[chosen]
        village = str(
            villages["village_id"].iloc[int(places.query(shapely.centroid(own.geometry), predicate="intersects")[0])]
        )
        names = []
        for paper, part, term in papers:
            filed, valid_to = _TERM[term]
            rows.append(
                {
                    "filing_id": f"LF{len(rows) + 1:03d}",
                    "kind": paper,
                    "filed": pd.Timestamp(filed),
                    "valid_to": pd.NaT if valid_to is None else pd.Timestamp(valid_to),
                    "holder": f"Applicant {len(rows) + 1}",
                    "village_id": village,
                    "geometry": _around(own.geometry, 0.5 if part == "half" else 1.0),
                }
            )
            names.append(rows[-1]["filing_id"])
        truth.append(
            {
                "patch": str(own["patch_id"]),
                "kind": kind,
                "papers": names,
                "verdict": verdict,
                "missing": missing,
                "covered_share": share,
            }
        )
    layer = registers.frame(
        {name: [row[name] for row in rows] for name in rows[0] if name != "geometry"}, [row["geometry"] for row in rows]
    )
    for name in ("filed", "valid_to"):
        layer[name] = pd.to_datetime(layer[name]).astype("datetime64[ms]")
    return layer, {
        "layer": "artificial.land-filings",
        "about": "Every other change patch outside protected ground has no filing.",
        "patches": truth,
    }


def _around(shape: Any, share: float) -> Any:
    """A four-sided patch with four metres around it, or the same around its first part."""
    corners: Floats = shapely.get_coordinates(shapely.get_exterior_ring(shape))[:4]
    along, across = corners[1] - corners[0], corners[3] - corners[0]
    out, side = 4.0 * along / np.hypot(*along), 4.0 * across / np.hypot(*across)
    first, last = corners[0], corners[0] + share * along
    end = out if share == 1.0 else 0.0 * out
    ring = np.array(
        [first - out - side, last + end - side, last + across + end + side, first + across - out + side],
        dtype=np.float64,
    )
    return shapely.Polygon(to_millimetres(ring))


def approved_batches(base: Base, supply: Any, draws: Draws) -> tuple[Any, dict[str, Any]]:
    """Approved ground: of every supplied parcel, and some that nobody supplied yet; three records are faulty.

    Parameters
    ----------
    base
        The bare county.
    supply
        Land supply.
    draws
        Sources of randomness.

    Returns
    -------
    tuple
        The layer, and the truth of faults and of ground not supplied.
    """
    random = draws("approved-batches")
    ordered = supply.sort_values("supply_id").reset_index(drop=True)
    parcel = ordered["parcel_id"].str[1:].astype(int).to_numpy() - 1
    rows: list[dict[str, Any]] = []
    truth: dict[str, Any] = {"layer": "artificial.approved-batches"}
    codes = registers.village_codes(base)

    def add(identity: str, approved: Any, shape: Any, number: int, share: float) -> dict[str, Any]:
        farmland = round(float(shape.area) * share)
        row = {
            "approval_id": identity,
            "approved": approved,
            "farmland_m2": float(farmland),
            "supplemented_m2": float(farmland),
            "village_id": codes[base.blocks[base.parcels[number].block].settlement],
            "geometry": shape,
        }
        rows.append(row)
        return row

    for index, record in ordered.iterrows():
        if record["approval_id"] is None or pd.isna(record["approval_id"]):
            continue
        identity, shape = str(record["supply_id"]), record.geometry
        if identity == "LS0046":
            truth["not_on_record"] = identity
            continue
        if identity == "LS0044":
            west, south, east, north = shape.bounds
            half = shapely.transform(
                shapely.intersection(shape, shapely.box(west, south, round((west + east) / 2), north)), to_millimetres
            )
            truth["outside"] = {"supply": identity, "outside_m2": float(shapely.area(shapely.difference(shape, half)))}
            shape = half
        share = float(random.choice((0.0, 0.4, 0.7, 1.0)))
        row = add(str(record["approval_id"]), record["approved"], shape, int(parcel[int(str(index))]), share)
        if identity == "LS0054":
            row |= {"farmland_m2": 2000.0, "supplemented_m2": 1200.0}
            truth["supplement_short"] = {"approval": row["approval_id"], "gap_m2": 800.0}
    use = np.array([p.use for p in base.parcels])
    spare = np.setdiff1d(np.flatnonzero(use == "blank"), parcel)[:4]
    waiting = []
    for number, (spot, day) in enumerate(
        zip(spare.tolist(), ("2021-06-10", "2023-12-30", "2023-12-31", "2025-03-20"), strict=True)
    ):
        row = add(f"AP9{number + 1:03d}", pd.Timestamp(day), base.parcels[spot].shape, spot, 0.7)
        waiting.append({"approval": row["approval_id"], "approved": day, "overdue": number < 2})
    truth["not_supplied"] = waiting
    layer = registers.frame(
        {name: [row[name] for row in rows] for name in rows[0] if name != "geometry"}, [row["geometry"] for row in rows]
    )
    layer["approved"] = pd.to_datetime(layer["approved"]).dt.normalize().astype("datetime64[ms]")
    return layer, truth
