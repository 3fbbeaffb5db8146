"""Movements of a drill: positions and visits under pseudonyms; nobody stands behind them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely

from spacegov.synthetic import registers
from spacegov.synthetic.base import Draws
from spacegov.synthetic.frame import to_millimetres

START = pd.Timestamp("2025-11-08")


def visits_and_positions(buildings: Any, cases: Any, draws: Draws) -> tuple[dict[str, Any], dict[str, Any]]:
    """Visits to buildings and positions in a week of November, with contacts that are known.

    Parameters
    ----------
    buildings, cases
        The registers of buildings and of cases.
    draws
        Sources of randomness.

    Returns
    -------
    tuple
        Layers, and the truth: who was in the same building as a case for at least fifteen minutes.
    """
    random = draws("movement")
    public = buildings[
        buildings["use"].isin(("commercial", "office", "health", "school")) & (buildings["township_id"] == "LH01")
    ]
    place = public["building_id"].to_numpy()
    rows: list[tuple[str, str, pd.Timestamp, pd.Timestamp]] = []
    meeting = place[random.choice(len(place), 4, replace=False)]
    others = np.setdiff1d(place, meeting)

    def name(number: int) -> str:
        return f"u{(number * 2_654_435_761) % 2**32:08x}"

    for person in range(420):
        for _ in range(int(random.integers(2, 6))):
            come = START + pd.Timedelta(minutes=int(random.integers(8 * 60, 7 * 24 * 60)))
            rows.append(
                (
                    name(person + 100),
                    str(others[random.integers(len(others))]),
                    come,
                    come + pd.Timedelta(minutes=int(random.integers(10, 150))),
                )
            )
    contacts: list[dict[str, Any]] = []
    brief: list[dict[str, Any]] = []
    case = name(7)
    for number, building in enumerate(meeting.tolist()):
        come = START + pd.Timedelta(days=number + 1, hours=10)
        rows.append((case, building, come, come + pd.Timedelta(minutes=90)))
        for other in range(5):
            who = name(1_000 + number * 10 + other)
            overlap = (60, 30, 15, 10, 0)[other]
            begin = come + pd.Timedelta(minutes=90 - overlap)
            rows.append((who, building, begin, begin + pd.Timedelta(minutes=120)))
            (contacts if overlap >= 15 else brief).append({"pseudonym": who, "building": building, "minutes": overlap})
    order = random.permutation(len(rows))
    visits = pd.DataFrame([rows[k] for k in order], columns=["pseudonym", "building_id", "arrived", "left"])
    visits.insert(0, "visit_id", [f"V{n + 1:05d}" for n in range(len(visits))])
    for column in ("arrived", "left"):
        visits[column] = visits[column].astype("datetime64[ms]")
    centre = dict(
        zip(
            buildings["building_id"],
            shapely.get_coordinates(shapely.centroid(buildings.geometry.to_numpy())),
            strict=True,
        )
    )
    pick = np.repeat(np.arange(len(visits)), 3)
    share = random.uniform(0.02, 0.98, len(pick))
    times = visits["arrived"].to_numpy()[pick] + (
        share * (visits["left"] - visits["arrived"]).to_numpy()[pick].astype("timedelta64[s]").astype(np.int64)
    ).astype("timedelta64[s]")
    spot = np.array([centre[b] for b in visits["building_id"].to_numpy()[pick]]) + random.normal(0, 3.0, (len(pick), 2))
    positions = registers.frame(
        {
            "position_id": [f"T{n + 1:06d}" for n in range(len(pick))],
            "pseudonym": visits["pseudonym"].to_numpy()[pick],
            "time": times.astype("datetime64[ms]"),
        },
        shapely.points(to_millimetres(spot)),
    )
    del cases
    return {"artificial.visits": visits, "artificial.positions": positions}, {
        "case": case,
        "buildings": [str(b) for b in meeting],
        "contacts_of_at_least_15_minutes": contacts,
        "shorter": brief,
    }
