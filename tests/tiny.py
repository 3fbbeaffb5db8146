"""The tiny workspace: a square kilometre of four parcels, two plans, a plane of terrain, and gaps in coverage.

All numbers that tests expect follow from the coordinates here.
"""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import geopandas as gpd
import numpy as np
import pandas as pd
from affine import Affine
from shapely import Polygon, box

from spacegov.raster import Raster
from spacegov.toolbox.runs import write_frame

CRS = "EPSG:4549"
EAST, NORTH = 500_000.0, 3_250_000.0
SIDE = 1000.0


def square(west: float, south: float, east: float, north: float) -> Polygon:
    """A rectangle in metres from the south-west corner of the territory."""
    return box(EAST + west, NORTH + south, EAST + east, NORTH + north)


def county() -> gpd.GeoDataFrame:
    """The territory: 1 000 000 m²."""
    return gpd.GeoDataFrame({"name": ["Tiny"]}, geometry=[square(0, 0, SIDE, SIDE)], crs=CRS)


def parcels() -> gpd.GeoDataFrame:
    """Four parcels of 250 000 m²; the codes keep their leading zeros."""
    return gpd.GeoDataFrame(
        {
            "plot_id": ["a", "b", "c", "d"],
            "use": ["0101", "0101", "0301", "0702"],
            "people": [0, 10, 20, 400],
        },
        geometry=[square(x, y, x + 500, y + 500) for y in (0, 500) for x in (0, 500)],
        crs=CRS,
    )


def town() -> gpd.GeoDataFrame:
    """Two areas of a town plan: 300 × 1000 m and 10 × 10 m."""
    return gpd.GeoDataFrame(
        {"use": ["urban", "urban"]}, geometry=[square(600, 0, 900, 1000), square(100, 100, 110, 110)], crs=CRS
    )


def farmland() -> gpd.GeoDataFrame:
    """Protected farmland, 800 × 200 m, of which 300 × 200 m lie under the town plan."""
    return gpd.GeoDataFrame(
        {"use": ["farmland"], "control": ["basic-farmland"]}, geometry=[square(200, 300, 1000, 500)], crs=CRS
    )


def west() -> gpd.GeoDataFrame:
    """The western 600 m, where the town plan is authoritative: 400 000 m² are not covered."""
    return gpd.GeoDataFrame(geometry=[square(0, 0, 600, SIDE)], crs=CRS)


def terrain() -> Raster:
    """A plane that rises a metre on every cell of 50 m eastwards: 20 × 20 cells of 0 to 19 m."""
    values = np.tile(np.arange(20, dtype="float32"), (20, 1))
    return Raster.from_array(values, Affine(50, 0, EAST, 0, -50, NORTH + SIDE), CRS, layer="natural.trial-terrain")


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip(), encoding="utf-8")


def _store(
    folder: Path, layer: str, what: gpd.GeoDataFrame | pd.DataFrame | Raster, version: str = "2025-01-01"
) -> None:
    data = folder / "data" / layer
    data.mkdir(parents=True, exist_ok=True)
    write_frame(what, data / f"{version}{'.tif' if isinstance(what, Raster) else '.parquet'}")
    (data / "current").write_text(f"{version}\n", encoding="utf-8")


def _card(kind: str, title: str, **extra: str) -> str:
    lines = [
        f"title: {{en: {title}, zh: 试验, ru: Проба}}",
        "about: Made for tests.",
        f"kind: {kind}",
        "steward: trial-office",
        f"sharing: {extra.pop('sharing', '{class: open}')}",
        "quality: {tier: A}",
        *(f"{name}: {value}" for name, value in extra.items()),
    ]
    return "\n".join(lines) + "\n"


_SHARE_CARD = """
    title: {en: Measure places, zh: 量算, ru: Измерить места}
    question: {en: How large are the places?, zh: 地块有多大？, ru: Насколько велики места?}
    run: spacegov.tools.trial:measure_places
    layers: {places: [artificial.trial-parcels]}
    options: {by: use}
    columns: {area_m2: {title: {en: Area, zh: 面积, ru: Площадь}, unit: m²}}
    show: {frame: places, colour_by: kind, sum_by: [kind]}
    vary: {min_area: [0, 250000, 250001]}
    answer: {en: "{rows:count} places of {area_m2:area}", zh: "{rows:count} 块，{area_m2:area}"}
"""

_CARDS = {
    "workspace.yaml": """
        name: {en: Tiny, zh: 小县, ru: Малый}
        crs: EPSG:4549
        area_basis: ellipsoid
        units: {county: artificial.trial-county}
    """,
    "layers/stewards.yaml": """
        trial-office: {title: {en: Trial office, zh: 试验局, ru: Пробное ведомство}, code: TR}
    """,
    "layers/schemes/trial-use.yaml": """
        title: {en: Uses, zh: 用途, ru: Виды}
        source: tests
        version: "1"
        codes:
          0101: {title: {en: Paddy}}
          0301: {title: {en: Forest}}
          0702: {title: {en: Village}}
    """,
    "layers/artificial/trial-county.yaml": _card("Polygons", "County"),
    "layers/artificial/trial-parcels.yaml": _card(
        "Polygons",
        "Parcels",
        fields=(
            "{plot_id: {type: string, unique: true, title: {en: Plot}},"
            " use: {type: code, scheme: trial-use, title: {en: Use}},"
            " people: {type: integer, title: {en: People}}}"
        ),
    ),
    "layers/artificial/trial-indicators.yaml": _card("Table", "Indicators"),
    "layers/planned/trial-town.yaml": _card(
        "Polygons", "Town plan", sharing="{class: conditional, reason: drafts are not public}"
    ),
    "layers/planned/trial-farmland.yaml": _card("Polygons", "Farmland"),
    "layers/planned/trial-unbound.yaml": _card("Polygons", "Village plan"),
    "layers/natural/trial-terrain.yaml": _card(
        "Raster", "Terrain", fields="{value: {type: number, unit: m, title: {en: H}}}"
    ),
    "layers/bindings/artificial.trial-county.yaml": "source: store\n",
    "layers/bindings/artificial.trial-parcels.yaml": "source: store\n",
    "layers/bindings/artificial.trial-indicators.yaml": "source: store\n",
    "layers/bindings/natural.trial-terrain.yaml": "source: store\n",
    "layers/bindings/planned.trial-town.yaml": """
        {source: "files/plans.gpkg:town", coverage: files/west.geojson, status: draft}
    """,
    "layers/bindings/planned.trial-farmland.yaml": "source: files/farmland.geojson\n",
    "tools/foundation/trial-measure.yaml": _SHARE_CARD,
    "tools/foundation/trial-list.yaml": """
        title: {en: List layers}
        question: Which layers have data?
        run: spacegov.tools.trial:list_layers
    """,
    "tools/foundation/trial-batches.yaml": """
        title: {en: Count batches}
        question: How many features come in batches?
        run: spacegov.tools.trial:count_batches
        layers: {features: artificial.trial-parcels}
        vary: {min_area: [0, 1000000]}
    """,
    "tools/foundation/trial-raise.yaml": """
        title: {en: Raise terrain}
        question: How would the terrain lie higher?
        run: spacegov.tools.trial:raise_terrain
        layers: {terrain: natural.trial-terrain}
    """,
    "tools/foundation/trial-rules.yaml": """
        title: {en: Apply rules}
        question: What do the rules say?
        run: spacegov.tools.trial:apply_rules
        layers: {places: artificial.trial-parcels}
        policy: {rules: trial-rules-1}
        options: {use: use}
    """,
    "tools/foundation/trial-imbalance.yaml": """
        title: {en: Lose ground}
        question: Does a lost tenth pass?
        run: spacegov.tools.trial:break_balance
        layers: {places: artificial.trial-parcels}
    """,
    "tools/foundation/trial-fault.yaml": """
        title: {en: Fail}
        question: What if a tool fails?
        run: spacegov.tools.trial:fail_inside
        layers: {places: artificial.trial-parcels}
    """,
    "tools/foundation/trial-scatter.yaml": """
        title: {en: Scatter}
        question: Where do grains fall?
        run: spacegov.tools.trial:scatter_points
        layers: {places: artificial.trial-county}
    """,
    "tools/integration/trial-conflict.yaml": """
        title: {en: Conflicts of trial plans}
        question: Where do the trial plans conflict?
        run: spacegov.tools.integration.conflict:detect_plan_conflict
        layers: {plans: [planned.trial-town, planned.trial-farmland]}
        policy: {compatibility: trial-compatibility-1}
        options: {use: use}
    """,
    "tools/policy/trial-rules-1.yaml": """
        title: {en: Trial rules}
        source: tests
        version: "1"
        valid_from: "2025-01-01"
        columns: {use: {type: string}, verdict: {type: string}, weight: {type: number}, since: {type: date}}
        rows:
          - [0101, keep, 1, 2025-01-01]
          - {use: 0301, verdict: keep}
          - [0702, free, 0.5, null]
    """,
    "tools/policy/trial-compatibility-1.yaml": """
        title: {en: Trial compatibility}
        source: tests
        version: "1"
        columns: {control: {type: string}, sub_zone: {type: string}, use: {type: string}, verdict: {type: string}}
        rows: [[basic-farmland, null, urban, prohibited]]
    """,
}


def build_tiny_workspace(folder: Path) -> None:
    """Write the tiny workspace."""
    _write(folder, _CARDS)
    files = folder / "files"
    files.mkdir(exist_ok=True)
    town().to_file(files / "plans.gpkg", layer="town")
    farmland().to_file(files / "plans.gpkg", layer="farmland")
    # In degrees, so that the workspace has a layer to bring to its own CRS.
    farmland().to_crs(4326).to_file(files / "farmland.geojson", COORDINATE_PRECISION=15)
    west().to_crs(4326).to_file(files / "west.geojson", COORDINATE_PRECISION=15)
    _store(folder, "artificial.trial-county", county())
    _store(folder, "artificial.trial-parcels", parcels())
    indicators = pd.DataFrame({"year": [2023, 2024], "people": [420, 430]})
    _store(folder, "artificial.trial-indicators", indicators)
    _store(folder, "natural.trial-terrain", terrain())
