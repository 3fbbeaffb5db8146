"""Reads one uploaded file in a process of its own, with bounded memory and time, and writes it as GeoParquet.

Prints one JSON object: what was found, or `error`.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import zipfile
from pathlib import Path
from typing import Any

from spacegov.errors import BadInput, InvalidGeometry, SpacegovError

MEMORY = 6 << 30
MOST_UNPACKED = 1 << 30
_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")


def bound(seconds: int) -> None:
    """Bound this process: memory, time, files; no child that outlives the parent."""
    from spacegov.service.worker import die_with

    die_with(os.getppid())
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_UNPACKED, MOST_UNPACKED))
    # Text of a file must not lead GDAL to other files or to addresses.
    os.environ.update(
        GDAL_DISABLE_READDIR_ON_OPEN="TRUE", CPL_VSIL_CURL_ALLOWED_EXTENSIONS=".none", GDAL_HTTP_TIMEOUT="1",
        OGR_VRT_MAX_OPENED="0", GDAL_NUM_THREADS="1",
    )  # fmt: skip


def read(path: Path, crs: str, features: int, vertices: int) -> Any:
    """Read a file that was sent and bring it to a CRS.

    Raises
    ------
    BadInput
        It is too large, cannot be read, or is not sound.
    """
    import shapely

    from spacegov.layers.files import to_crs

    frame = _geojson(path) if path.suffix in {".geojson", ".json"} else _by_gdal(path, features)
    if not len(frame):
        raise BadInput("the file holds no feature; check that it is the right one")
    if len(frame) > features:
        raise BadInput(f"the file holds {len(frame)} features, {features} are allowed; send a part of it")
    shapes = frame.geometry.to_numpy()
    count = int(shapely.get_num_coordinates(shapes).sum())
    if count > vertices:
        raise BadInput(f"the file holds {count} vertices, {vertices} are allowed; simplify it, or send a part of it")
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if missing.any():
        raise BadInput(
            f"{int(missing.sum())} features have no shape, the first is {int(missing.argmax()) + 1}; remove them"
        )
    broken = ~shapely.is_valid(shapes)
    if broken.any():
        first = int(broken.argmax())
        reason = shapely.is_valid_reason(shapes[first])
        raise InvalidGeometry(
            f"{int(broken.sum())} shapes are not sound, the first is {first + 1} ({reason}); mend them"
        )
    if frame.geometry.name != "geometry":
        frame = frame.rename_geometry("geometry")
    return to_crs(frame.set_geometry(shapely.force_2d(shapes), crs=frame.crs), crs)


def _geojson(path: Path) -> Any:
    import geopandas as gpd

    from spacegov.service.geojson import read_features
    from spacegov.service.settings import Limits

    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except RecursionError:
        raise BadInput("the file is nested too deep to be GeoJSON; check the file") from None
    except (ValueError, UnicodeDecodeError) as error:
        raise BadInput(f"the file is no JSON ({str(error)[:120]}); check the file") from None
    limits = Limits()
    wide = Limits(features=limits.upload_features, vertices=limits.upload_vertices)
    return gpd.GeoDataFrame.from_features(read_features(data, wide, "the file")["features"], crs=4326)


def _by_gdal(path: Path, features: int) -> Any:
    import pyogrio

    from spacegov.layers.files import Reading, sublayers

    source = _unpacked(path) if path.suffix == ".zip" else path
    with Reading(source):
        names = [str(name) for name, kind in pyogrio.list_layers(source) if kind is not None]
        if len(names) != 1:
            found = sublayers(source)
            raise BadInput(f"the file holds {len(names)} layers ({', '.join(found[:5])}); send a file with one")
        info = pyogrio.read_info(source, layer=names[0], force_feature_count=True)
        if int(info["features"]) > features:
            raise BadInput(f"the file holds {info['features']} features, {features} are allowed; send a part of it")
        frame = pyogrio.read_dataframe(source, layer=names[0], max_features=features + 1)
    if frame.crs is None:
        raise BadInput("the file states no CRS; add it (a .prj file beside the .shp), then send it again")
    return frame


def _unpacked(path: Path) -> Path:
    """Take the one shapefile out of an archive, by name and bounded size."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = [part for part in archive.infolist() if Path(part.filename).suffix.lower() in _PARTS]
            stems = {Path(part.filename).stem for part in parts if part.filename.lower().endswith(".shp")}
            if len(stems) != 1:
                raise BadInput(f"the archive holds {len(stems)} shapefiles; send an archive with one")
            stem = stems.pop()
            own = [part for part in parts if Path(part.filename).stem == stem]
            if sum(part.file_size for part in own) > MOST_UNPACKED:
                raise BadInput(f"the archive unpacks to more than {MOST_UNPACKED >> 20} MiB; send a part of it")
            for part in own:
                target = path.with_name(f"unpacked{Path(part.filename).suffix.lower()}")
                left = MOST_UNPACKED
                with archive.open(part) as source, target.open("wb") as sink:
                    while block := source.read(min(1 << 20, left)):
                        sink.write(block)
                        left -= len(block)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise BadInput(f"the archive cannot be opened ({str(error)[:100]}); check the file") from None
    return path.with_name("unpacked.shp")


def main() -> None:
    """Read the file named on the command line."""
    folder, name, crs, features, vertices, seconds = sys.argv[1:]
    bound(int(seconds))
    try:
        frame = read(Path(name), crs, int(features), int(vertices))
        from spacegov.toolbox.runs import write_frame

        write_frame(frame, Path(folder) / "data.parquet")
        west, south, east, north = (float(side) for side in frame.to_crs("OGC:CRS84").total_bounds)
        found: dict[str, Any] = {"features": len(frame), "bounds": [west, south, east, north]}
    except (SpacegovError, MemoryError, OSError) as error:
        told = str(error) or "the file needs more memory than is allowed; send a smaller one"
        found = {"error": told}
    for left in Path(folder).glob("unpacked.*"):
        left.unlink()
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
