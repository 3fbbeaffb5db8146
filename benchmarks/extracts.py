"""The tool extract-restrictions, as a run of the toolbox, on the sample county and on a province."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from benchmarks.report import seconds, table
from spacegov.content import content_path
from spacegov.synthetic import build_province
from spacegov.toolbox.run import run as run_tool
from spacegov.workspace import Workspace

_EXTRACTS = [
    "workspace",
    "layers asked",
    "layers present",
    "clock: median",
    "p95",
    "processor time: median",
    "p95",
    "first",
]


def extracts(folder: Path, layers: int, units: int) -> str:
    """Ask extract-restrictions of parcels of the sample county and of a province, with all that a run records."""
    build_province(folder / "province", units=units, layers=layers)
    rows = []
    for title, place in (
        ("sample county", content_path("sample_data")),
        (f"province of {units:,} units in {layers:,} layers", folder / "province"),
    ):
        workspace = Workspace.open(place)
        workspace.restriction_index.refresh()
        rows.append(_extract(workspace, title))
    _same_without_index(Workspace.open(content_path("sample_data")))
    return (
        "## Extract of restrictions\n\nThe tool extract-restrictions for one parcel at a time, 100 parcels at random, "
        "through the toolbox: inputs recorded, areas on the workspace's basis, summary and provenance; no run folder. "
        "The first question of a process, which loads libraries and opens the cards, is told apart. For every fiftieth "
        "parcel of the county the answer was compared with that from the layers' own files.\n\n"
        f"{table(_EXTRACTS, rows)}\n"
    )


def _extract(workspace: Workspace, title: str) -> list[str]:
    parcels = workspace.layers["artificial.parcels"].read(columns=["parcel_id"])
    random = np.random.default_rng(5)
    times, work, asked, present = [], [], 0, []
    for row in random.choice(len(parcels), 101, replace=False):
        parcel = parcels.iloc[[row]].reset_index(drop=True)
        parcel.attrs = {}
        start, spent = time.perf_counter(), time.process_time()
        answer = run_tool(workspace, "extract-restrictions", {"place": parcel}, keep=False)
        work.append(time.process_time() - spent)
        times.append(time.perf_counter() - start)
        asked = int(answer.summary["layers"])
        present.append(int(answer.summary["answers_present"]))
    clock, busy = (np.percentile(values[1:], [50, 95]) for values in (times, work))
    return [
        title, f"{asked:,}", f"{np.mean(present):.1f}", *(seconds(float(value)) for value in (*clock, *busy)),
        seconds(times[0]),
    ]  # fmt: skip


def _same_without_index(county: Workspace) -> None:
    parcels = county.layers["artificial.parcels"].read().iloc[::50].reset_index(drop=True)
    parcels.attrs = {}
    plain = {name: county.layers[name] for name in county.layers}
    frames = [
        run_tool(county, "extract-restrictions", {"place": parcels, **layers}, keep=False).frame
        for layers in ({}, {"layers": plain})
    ]
    for name in ("place", "layer", "answer", "records"):
        assert frames[0][name].fillna("").tolist() == frames[1][name].fillna("").tolist()
    assert np.allclose(frames[0]["area_m2"], frames[1]["area_m2"], atol=1e-6)
