"""Land supply, output and tax, indicators through time: tables with cases whose answer is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely

from spacegov.synthetic import registers
from spacegov.synthetic.base import Base, Draws

TODAY = pd.Timestamp("2025-12-31")

# what is wrong, years since delivery, years from delivery to the agreed start (None: not agreed), started,
# years since works stopped, shares developed and invested, cause, answer
SUPPLY_CASES: tuple[tuple[str, float, float | None, bool, float | None, float, float, str, str], ...] = (
    ("not started, over one year", 2.6, 1.0, False, None, 0.0, 0.0, "holder", "idle-fee"),
    ("not started, over one year", 2.8, 1.0, False, None, 0.0, 0.05, "holder", "idle-fee"),
    ("not started, over two years", 4.0, 1.0, False, None, 0.0, 0.0, "holder", "idle-recover"),
    ("not started, over two years", 5.2, 1.5, False, None, 0.0, 0.0, "holder", "idle-recover"),
    ("not started, no start agreed, over one year", 2.5, None, False, None, 0.0, 0.0, "holder", "idle-fee"),
    ("not started, cause of the government", 3.1, 1.0, False, None, 0.0, 0.0, "government", "idle-government"),
    ("stopped, built too little", 4.5, 1.0, True, 1.6, 0.21, 0.40, "holder", "idle-stopped"),
    ("stopped, invested too little", 4.2, 1.0, True, 1.2, 0.45, 0.18, "holder", "idle-stopped"),
    ("stopped, force majeure", 4.0, 1.0, True, 2.1, 0.10, 0.10, "force majeure", "idle-force-majeure"),
    ("stopped, but built and invested enough", 4.4, 1.0, True, 1.5, 0.62, 0.55, "holder", "none"),
    ("stopped for less than a year", 3.0, 1.0, True, 0.5, 0.20, 0.20, "holder", "none"),
    ("not started, within the first year", 1.7, 1.0, False, None, 0.0, 0.0, "holder", "none"),
)


def _ago(years: float) -> pd.Timestamp:
    return TODAY - pd.Timedelta(days=round(years * 365.25))


def land_supply(base: Base, draws: Draws) -> tuple[Any, dict[str, Any]]:
    """Parcels supplied by contract, with approval, delivery, start, progress and acceptance.

    Parameters
    ----------
    base
        The bare county.
    draws
        Sources of randomness.

    Returns
    -------
    tuple
        The layer, and the truth of idle parcels and broken chains.
    """
    random = draws("supply")
    use = np.array([p.use for p in base.parcels])
    kind = np.array([base.places[base.blocks[p.block].settlement].kind for p in base.parcels])
    built = np.zeros(len(use), dtype=bool)
    built[np.array(base.buildings.parcel)] = True
    blank = np.flatnonzero((use == "blank") & (kind != "village") & ~built)
    busy = random.choice(
        np.flatnonzero(np.isin(use, ("industry", "commercial", "residential")) & (kind == "city") & built),
        70,
        replace=False,
    )
    chosen = np.concatenate([blank[: len(SUPPLY_CASES) + 8], np.sort(busy)])
    rows: list[dict[str, Any]] = []
    idle: list[dict[str, Any]] = []
    broken: list[dict[str, Any]] = []
    for number, parcel in enumerate(chosen.tolist()):
        case = SUPPLY_CASES[number] if number < len(SUPPLY_CASES) else None
        waiting = case is None and number < min(len(blank), len(SUPPLY_CASES) + 8)
        delivered = _ago(case[1] if case else float(random.uniform(0.2, 0.8) if waiting else random.uniform(3.5, 14)))
        agreed = delivered + pd.Timedelta(days=int(365.25 * (case[2] if case and case[2] is not None else 1.0)))
        started = (delivered + pd.Timedelta(days=200)) if (case[3] if case else not waiting) else pd.NaT
        identity = f"LS{number + 1:04d}"
        rows.append(
            {
                "supply_id": identity,
                "parcel_id": f"P{parcel + 1:06d}",
                "use": use[parcel] if use[parcel] != "blank" else "commercial",
                "holder": f"Company {number + 1}",
                "approval_id": f"AP{number + 1:04d}",
                "approved": delivered - pd.Timedelta(days=400),
                "contract": delivered - pd.Timedelta(days=60),
                "delivered": delivered,
                "agreed_start": pd.NaT if case and case[2] is None else agreed,
                "started": started,
                "suspended": _ago(case[4]) if case and case[4] is not None else pd.NaT,
                "developed_share": case[5] if case else (0.0 if waiting else round(float(random.uniform(0.7, 1.0)), 2)),
                "invested_share": case[6] if case else (0.0 if waiting else round(float(random.uniform(0.6, 1.0)), 2)),
                "cause": case[7] if case else "holder",
                "accepted": pd.NaT if case or waiting else started + pd.Timedelta(days=700),
                "price_10k": round(float(random.lognormal(6.5, 0.7)), 1),
            }
        )
        if case and case[8] != "none":
            idle.append({"supply": identity, "why": case[0], "answer": case[8]})
    first = len(rows) - 40
    for shift, what in enumerate(
        (
            "no approval",
            "no approval",
            "contract before approval",
            "contract before approval",
            "accepted without start",
            "no contract",
        )
    ):
        row = rows[first + shift * 5]
        if what == "no approval":
            row |= {"approval_id": None, "approved": pd.NaT}
        elif what == "contract before approval":
            row["contract"] = row["approved"] - pd.Timedelta(days=90)
        elif what == "accepted without start":
            row["started"] = pd.NaT
        else:
            row["contract"] = pd.NaT
        broken.append({"supply": row["supply_id"], "break": what})
    layer = registers.frame(
        {name: [row[name] for row in rows] for name in rows[0]}, [base.parcels[p].shape for p in chosen.tolist()]
    )
    for name in ("approved", "contract", "delivered", "agreed_start", "started", "suspended", "accepted"):
        layer[name] = pd.to_datetime(layer[name]).dt.normalize().astype("datetime64[ms]")
    return layer, {
        "on": "2025-12-31",
        "idle": idle,
        "not_idle_though_close": [rows[n]["supply_id"] for n, c in enumerate(SUPPLY_CASES) if c[8] == "none"],
        "broken_chains": broken,
    }


def parcel_output(base: Base, draws: Draws) -> tuple[Any, dict[str, Any]]:
    """Output, tax, power use and jobs of works by parcel and year (a table); eight parcels give far too little."""
    random = draws("output")
    use = np.array([p.use for p in base.parcels])
    works = np.flatnonzero(use == "industry")
    weak = np.sort(random.choice(works, min(8, len(works)), replace=False))
    rows, truth = [], []
    for parcel in works.tolist():
        hectares = base.parcels[parcel].shape.area / 1e4
        level = float(random.uniform(0.9, 2.4))
        for year in (2023, 2024, 2025):
            output = (18.0 if parcel in weak else 420.0 * level) * hectares * (1 + 0.04 * (year - 2023))
            tax = (0.6 if parcel in weak else 21.0 * level) * hectares * (1 + 0.05 * (year - 2023))
            rows.append(
                (
                    f"P{parcel + 1:06d}",
                    year,
                    round(output, 1),
                    round(tax, 2),
                    round(output * 0.9, 1),
                    int(4 + 28 * hectares * (0.3 if parcel in weak else level)),
                    round(0.62 if parcel in weak else float(random.uniform(0, 0.12)), 2),
                )
            )
        if parcel in weak:
            truth.append(
                {
                    "parcel": f"P{parcel + 1:06d}",
                    "output_10k_per_ha": 18.0 * 1.08,
                    "tax_10k_per_ha": 0.6 * 1.10,
                    "vacancy": 0.62,
                }
            )
    table = pd.DataFrame(
        rows, columns=["parcel_id", "year", "output_10k", "tax_10k", "power_mwh", "jobs", "vacancy_share"]
    )
    return table, {
        "year": 2025,
        "low": truth,
        "others": "every other works gives at least 378 of output and 18.9 of tax, 10,000 yuan per hectare in 2023",
    }


INDICATORS = (
    # id, unit, value of 2016, change a year, spread, better, watch, alarm
    ("farmland-area", "ha", 41_900.0, -38.0, 0.0, "more", 41_600.0, 41_400.0),
    ("basic-farmland-area", "ha", 33_710.0, 0.0, 0.0, "more", 33_700.0, 33_600.0),
    ("red-line-area", "ha", 11_040.0, 0.0, 0.0, "more", 11_040.0, 11_000.0),
    ("construction-land", "ha", 2_310.0, 41.0, 0.0, "less", 2_700.0, 2_800.0),
    ("urban-land", "ha", 1_480.0, 33.0, 4.0, "less", 1_850.0, 1_950.0),
    ("forest-cover", "%", 25.2, 0.06, 0.03, "more", 25.0, 24.5),
    ("wetland-area", "ha", 168.0, -1.4, 0.8, "more", 155.0, 150.0),
    ("park-area-per-person", "m²", 8.2, 0.25, 0.0, "more", 9.0, 8.0),
    ("road-density", "km/km²", 6.1, 0.11, 0.05, "more", 6.0, 5.5),
    ("water-use", "million m³", 118.0, 0.9, 1.6, "less", 128.0, 132.0),
    ("value-added-per-ha", "10k yuan", 312.0, 17.5, 9.0, "more", 300.0, 250.0),
    ("energy-per-gdp", "t/10k yuan", 0.61, -0.016, 0.004, "less", 0.60, 0.65),
    ("residents", "10k", 30.9, 0.05, 0.04, "more", 30.0, 29.0),
    ("shelter-area-per-person", "m²", 1.15, 0.07, 0.02, "more", 1.5, 1.2),
    ("days-of-good-air", "%", 82.0, 1.1, 1.2, "more", 85.0, 80.0),
    ("erosion-area", "ha", 5_230.0, -61.0, 18.0, "less", 5_000.0, 5_400.0),
)


def indicator_series(draws: Draws) -> tuple[Any, dict[str, Any]]:
    """Sixteen indicators from 2016 to 2025 (a table); those without spread lie on a straight line exactly."""
    random = draws("indicators")
    rows: list[tuple[Any, ...]] = []
    truth: list[dict[str, Any]] = []
    for name, unit, start, change, spread, better, watch, alarm in INDICATORS:
        values = [
            round(start + change * step + (float(random.normal(0, spread)) if spread else 0.0), 4) for step in range(10)
        ]
        rows += [(name, 2016 + step, value, unit, better, watch, alarm) for step, value in enumerate(values)]
        if spread == 0.0:
            truth.append({"indicator": name, "slope": change, "value_2025": round(start + 9 * change, 4)})
    return pd.DataFrame(rows, columns=["indicator", "year", "value", "unit", "better", "watch", "alarm"]), {
        "straight": truth
    }


def quotas(base: Base, layers: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Floors for farmland and ceilings for construction land by township (a table); three are broken."""
    farm = layers["planned.permanent-basic-farmland"]
    plots = farm[~farm["plot_id"].str.startswith("PBF9")]
    area = pd.Series(shapely.area(plots.geometry.to_numpy())).groupby(plots["village_id"].str[:4].to_numpy()).sum()
    use = layers["planned.land-use-plan"]
    build = use[use["use"].isin(("urban", "village"))]
    construction = (
        pd.Series(shapely.area(build.geometry.to_numpy())).groupby(build["village_id"].str[:4].to_numpy()).sum()
    )
    rows, truth = [], []
    for number, township in enumerate(sorted(area.index)):
        for item, kind, actual, broken in (
            ("basic-farmland", "floor", float(area[township]), number in (2, 5)),
            ("construction-land", "ceiling", float(construction[township]), number == 4),
        ):
            margin = (1.02 if broken else 0.98) if kind == "floor" else (0.97 if broken else 1.06)
            quota = round(actual * margin / 1e4, 2)
            rows.append((township, item, kind, quota, "ha", 2035))
            if broken:
                truth.append(
                    {
                        "township": township,
                        "item": item,
                        "kind": kind,
                        "quota_ha": quota,
                        "planned_ha": round(actual / 1e4, 4),
                    }
                )
    del base
    return pd.DataFrame(rows, columns=["township_id", "item", "kind", "quota", "unit", "year"]), {
        "breaches": truth,
        "about": "planned areas in the plane; planted plots (PBF9…) not counted",
    }
