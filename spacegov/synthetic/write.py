"""Writing a county as a workspace: GeoParquet, GeoTIFF, settings, bindings, truth; byte for byte the same."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from spacegov.synthetic.county import VERSION, County, RasterLayer
from spacegov.synthetic.frame import CRS

ROW_GROUP = 20_000
LICENCE = "CC0-1.0 (invented data)"


def write_county(county: County, directory: Path) -> None:
    """Write a county as a workspace folder; what the folder held of data, bindings and truth is replaced.

    Parameters
    ----------
    county
        The county.
    directory
        The workspace folder.
    """
    data, bindings = directory / "data", directory / "layers" / "bindings"
    for folder in (data, bindings):
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
    for name, layer in sorted(county.layers.items()):
        folder = data / name
        folder.mkdir()
        if isinstance(layer, RasterLayer):
            write_raster(layer, folder / f"{VERSION}.tif")
        else:
            write_frame(layer, folder / f"{VERSION}.parquet")
        (folder / "current").write_text(VERSION + "\n", encoding="utf-8")
        binding: dict[str, Any] = {
            "source": "store",
            "coverage": "whole",
            "status": "in-force",
            "valid_from": VERSION,
            "licence": LICENCE,
        }
        if name in county.coverage:
            write_frame(county.coverage[name], folder / "coverage.parquet")
            binding["coverage"] = f"data/{name}/coverage.parquet"
        (bindings / f"{name}.yaml").write_text(_yaml(binding), encoding="utf-8")
    (directory / "truth.yaml").write_text(_yaml(county.truth), encoding="utf-8")
    (directory / "workspace.yaml").write_text(_yaml(SETTINGS), encoding="utf-8")


SETTINGS: dict[str, Any] = {
    "name": {"en": "Lanhe County (invented)", "zh": "兰河县（虚构）", "ru": "Уезд Ланьхэ (вымышленный)"},
    "crs": CRS,
    "area_basis": "ellipsoid",
    "units": {"county": "artificial.county", "township": "artificial.townships", "village": "artificial.villages"},
    "language": "en",
    "background": {"relief": "natural.terrain", "water": ["natural.water-bodies"], "roads": ["artificial.roads"]},
    "about": {
        "en": "A fictitious county of nine townships. No place, person or number in it is real.",
        "zh": "虚构的县，辖九个乡镇；其中的地名、人物和数字均非真实。",
        "ru": "Вымышленный уезд из девяти волостей; ни одно место, лицо или число не взято из действительности.",
    },
}


def _yaml(value: Any) -> str:
    """YAML with dates as text and short lists on one line."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Numbers in boxes stay on one line."""

    def sequence(dumper: yaml.SafeDumper, items: list[Any]) -> yaml.Node:
        flat = all(not isinstance(item, (dict, list)) for item in items)
        return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=flat)

    Dumper.add_representer(list, sequence)
    return str(yaml.dump(value, Dumper=Dumper, allow_unicode=True, sort_keys=False, width=140))


def write_frame(frame: Any, path: Path) -> None:
    """Write a frame as GeoParquet 1.1, Hilbert-sorted, with a bbox column; one without geometry as Parquet."""
    import geopandas as gpd
    import numpy as np

    if not isinstance(frame, gpd.GeoDataFrame):
        frame.to_parquet(path, compression="zstd", index=False)
        return
    for column in frame.columns[frame.isna().all()]:
        if column != "geometry":
            frame = frame.assign(**{column: frame[column].astype("string")})  # an empty column keeps a type
    placed = ~(frame.geometry.isna() | frame.geometry.is_empty)
    if placed.all() and len(frame) > 1:
        order = np.argsort(frame.hilbert_distance(level=16).to_numpy(), kind="stable")
        frame = frame.iloc[order]
    frame = frame.reset_index(drop=True)
    frame.to_parquet(
        path,
        compression="zstd",
        compression_level=19,
        index=False,
        schema_version="1.1.0",
        write_covering_bbox=bool(placed.all()),
        row_group_size=ROW_GROUP,
    )


def write_raster(layer: RasterLayer, path: Path) -> None:
    """Write cells as a cloud-optimized GeoTIFF."""
    import rasterio
    from affine import Affine

    grid = layer.grid
    resampling = "nearest" if layer.values.dtype.kind in "ui" else "average"
    predictor = "3" if layer.values.dtype.kind == "f" else "2"
    with rasterio.open(
        path,
        "w",
        driver="COG",
        width=grid.columns,
        height=grid.rows,
        count=1,
        dtype=layer.values.dtype.name,
        crs=CRS,
        transform=Affine(grid.cell, 0, grid.west, 0, -grid.cell, grid.north),
        nodata=layer.nodata,
        compress="ZSTD",
        level="15",
        predictor=predictor,
        overview_resampling=resampling,
        blocksize=256,
        num_threads="1",
    ) as target:
        target.write(layer.values, 1)
