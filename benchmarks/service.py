"""The service: items, tiles and jobs over HTTP, many clients, beside pygeoapi on the same data.

`SPACEGOV_BENCH_BUILDINGS` sets the number of buildings (1,000,000), `SPACEGOV_BENCH_LIVE` that of a larger layer
without stored tiles (12,000,000; 0 leaves it out), `SPACEGOV_BENCH_SECONDS` how long many clients ask (60),
`SPACEGOV_BENCH_PYGEOAPI` names the Python of an environment with pygeoapi in it.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import geopandas as gpd
import numpy as np
import pyarrow.parquet as pq
import shapely
from pyproj import Transformer

from benchmarks.report import machine, table, versions
from spacegov.layers.geoparquet import PAGED, ROW_GROUP
from spacegov.toolbox.runs import write_frame

EAST, NORTH = 500_000.0, 3_250_000.0
CRS = "EPSG:4549"
LAYER = "artificial.many-buildings"
CLIENTS = 50

_INTRODUCTION = """# The service

Written by `python -m benchmarks service` on {machine}, {load:.1f} processes running beside it on average;
{versions}. One server process, its clients on the same machine; {count:,} buildings of 12 corners.
Milliseconds; p95 is the time that 95 of 100 requests stay below.
"""


def run(folder: Path, *, small: bool) -> str:
    """Measure and give the page."""
    count = 50_000 if small else int(os.environ.get("SPACEGOV_BENCH_BUILDINGS", "1000000"))
    lasting = 5.0 if small else float(os.environ.get("SPACEGOV_BENCH_SECONDS", "60"))
    asked = 50 if small else 300
    workspace = folder / "service" / "workspace"
    if not (workspace / "workspace.yaml").exists():
        write_workspace(workspace, count)
    places = Places(workspace, count)
    rows: list[list[str]] = []
    with serving(workspace, folder / "service" / "state", "--prepare-tiles") as server:
        tiles = f"/collections/{LAYER}/tiles/WebMercatorQuad"
        items = f"/collections/{LAYER}/items"
        rows.append(
            measured("items: 100 in a box of 1 km", server, asked, lambda: f"{items}?limit=100&bbox={places.box()}")
        )
        rows.append(
            measured("items: 100 by a filter", server, asked, lambda: f"{items}?limit=100&filter={places.filter()}")
        )
        rows.append(measured("one item by its id", server, asked, lambda: f"{items}/{places.name()}"))
        rows.append(measured("stored tile, z 14", server, asked, lambda: f"{tiles}/{places.tile(14)}"))
        alone = Times()
        rows.append(measured("live tile, z 16", server, asked, lambda: f"{tiles}/{places.tile(16)}", alone))
        beside = Times()
        job = start_job(server)
        rows.append(
            measured("live tile, z 16, beside a heavy job", server, asked, lambda: f"{tiles}/{places.tile(16)}", beside)
        )
        server.ask("DELETE", f"/jobs/{job}")
        crowd = many(
            server,
            lasting,
            lambda: random.choice([f"{items}?limit=10&bbox={places.box()}", f"{tiles}/{places.tile(15)}"]),
        )
    large = (
        "" if small else live_part(folder / "service" / "live", int(os.environ.get("SPACEGOV_BENCH_LIVE", "12000000")))
    )
    peer = pygeoapi_rows(folder / "service" / "peer", workspace, places, asked)
    parts = [
        _INTRODUCTION.format(
            machine=machine(), load=os.getloadavg()[0], count=count,
            versions=versions(["spacegov", "fastapi", "uvicorn", "duckdb"]),
        ),
        table(["request", "median", "p95", "slowest", "bytes"], rows),
        f"\nA heavy job beside it multiplies the median of live tiles by {beside.median / alone.median:.2f}.\n",
        crowd,
        large,
        "\n## pygeoapi on the same data\n",
        peer,
    ]  # fmt: skip
    return "\n".join(parts)


def live_part(folder: Path, count: int) -> str:
    """Measure a layer so large that its tiles take hours to store: everything is cut and read on request."""
    if not count:
        return ""
    workspace = folder / "workspace"
    if not (workspace / "workspace.yaml").exists():
        write_workspace(workspace, count)
    places = Places(workspace, count)
    items, tiles = f"/collections/{LAYER}/items", f"/collections/{LAYER}/tiles/WebMercatorQuad"
    with serving(workspace, folder / "state") as server:
        asked = {
            "items: 100 in a box of 1 km": lambda: f"{items}?limit=100&bbox={places.box()}",
            "one item by its id": lambda: f"{items}/{places.name()}",
            "live tile, z 16": lambda: f"{tiles}/{places.tile(16)}",
            "live tile, z 17": lambda: f"{tiles}/{places.tile(17)}",
        }
        rows = [measured(name, server, 300, path) for name, path in asked.items()]
        memory = server.memory()
    rows_of = table(["request", "median", "p95", "slowest", "bytes"], rows)
    return f"\n## {count:,} buildings, nothing stored\n\n{rows_of}\n\nMemory of the server {memory:.0f} MiB.\n"


def write_workspace(folder: Path, count: int) -> None:
    """Write a workspace with one large layer, sorted as a store has it."""
    cards = {
        "workspace.yaml": f"name: {{en: Many}}\ncrs: {CRS}\n",
        "layers/stewards.yaml": "office: {title: {en: Office}, code: OF}\n",
        f"layers/artificial/{LAYER.partition('.')[2]}.yaml": (
            "title: {en: Many buildings}\nabout: Made for the benchmark.\nkind: Polygons\nsteward: office\n"
            "sharing: {class: open}\nquality: {tier: A}\nfields:\n"
            "  number: {type: integer, unique: true, title: {en: Number}}\n"
            "  floors: {type: integer, title: {en: Floors}}\n  use: {type: string, title: {en: Use}}\n"
        ),
        f"layers/bindings/{LAYER}.yaml": "source: store\n",
    }
    for name, text in cards.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    random_numbers = np.random.default_rng(5)
    side = side_of(count)
    centres = random_numbers.uniform(0, side, (count, 2)) + np.array([EAST, NORTH])
    centres = centres[gpd.GeoSeries(shapely.points(centres)).hilbert_distance().argsort().to_numpy()]
    data = folder / "data" / LAYER
    data.mkdir(parents=True, exist_ok=True)
    write_buildings(data / "2025-01-01.parquet", centres, random_numbers)
    (data / "current").write_text("2025-01-01\n", encoding="utf-8")


def write_buildings(path: Path, centres: np.ndarray[Any, Any], random_numbers: np.random.Generator) -> None:
    """Write a building around each centre, in row groups with a page index as a store has them."""
    writer = None
    for start in range(0, len(centres), 500_000):
        some = centres[start : start + 500_000]
        shapes = shapely.buffer(shapely.points(some), random_numbers.uniform(4, 12, len(some)), quad_segs=3)
        columns = {
            "number": np.arange(start, start + len(some)),
            "floors": random_numbers.integers(1, 30, len(some)),
            "use": random_numbers.choice(["dwelling", "trade", "industry", "school"], len(some)),
        }
        write_frame(gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS), path.with_suffix(".part"))
        part = pq.read_table(path.with_suffix(".part"))
        if writer is None:
            described = json.loads(part.schema.metadata[b"geo"])
            described["columns"]["geometry"].pop("bbox", None)
            schema = part.schema.with_metadata({b"geo": json.dumps(described).encode()})
            writer = pq.ParquetWriter(path, schema, use_dictionary=["use", "floors"], **PAGED)
        writer.write_table(part.cast(schema), row_group_size=ROW_GROUP)
    path.with_suffix(".part").unlink(missing_ok=True)
    if writer is not None:
        writer.close()


def side_of(count: int) -> float:
    """Give the side of a square in which buildings stand as densely as in a town: 1,500 to a km²."""
    return float(np.sqrt(count / 1500.0) * 1000.0)


class Places:
    """Requests at random places, the same ones in every run."""

    def __init__(self, workspace: Path, count: int) -> None:
        self.workspace = workspace
        self.count = count
        self.side = side_of(count)
        self._random = random.Random(11)
        self._degrees = Transformer.from_crs(CRS, "OGC:CRS84", always_xy=True)

    def point(self, margin: float = 0.0) -> tuple[float, float]:
        """Give a place in metres."""
        return (
            EAST + self._random.uniform(0, self.side - margin),
            NORTH + self._random.uniform(0, self.side - margin),
        )

    def native_box(self) -> str:
        """Give a box of 1 km in metres."""
        x, y = self.point(1000)
        return f"{x:.2f},{y:.2f},{x + 1000:.2f},{y + 1000:.2f}"

    def box(self) -> str:
        """Give a box of 1 km in degrees."""
        x, y = self.point(1000)
        bounds = self._degrees.transform_bounds(x, y, x + 1000, y + 1000)
        return ",".join(f"{side:.7f}" for side in bounds)

    def filter(self) -> str:
        """Give a filter that about one record in a hundred passes."""
        return quote(f"floors = {self._random.randint(1, 29)} AND use = 'school'")

    def name(self) -> int:
        """Give the id of a building."""
        return self._random.randrange(self.count)

    def tile(self, level: int) -> str:
        """Give level, row and column of a tile."""
        from spacegov.service.tiles import tile_at

        column, row = tile_at(*self._degrees.transform(*self.point()), level)
        return f"{level}/{row}/{column}"


class Running:
    """A server process."""

    def __init__(self, process: subprocess.Popen[Any], host: str) -> None:
        self.process = process
        self.host = host
        self._own = threading.local()

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        """Ask once, over a connection that is kept."""
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = http.client.HTTPConnection(self.host, timeout=120)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            body, sent["content-type"] = json.dumps(body), "application/json"
        sent.setdefault("accept-encoding", "gzip")  # as every browser does
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def memory(self) -> float:
        """Give the memory of the server itself in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024


@contextmanager
def serving(workspace: Path, state: Path, *words: str) -> Iterator[Running]:
    """Serve a workspace."""
    state.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "spacegov",
        "serve",
        "--workspace",
        str(workspace),
        "--port",
        "0",
        "--json",
        *words,
    ]
    environment = {**os.environ, "XDG_STATE_HOME": str(state)}
    with (state / "log.jsonl").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert process.stdout is not None
            address = json.loads(process.stdout.readline())["address"]
            time.sleep(5.0)  # until its workers have loaded
            yield Running(process, address.removeprefix("http://"))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


@dataclass
class Times:
    """Milliseconds of requests."""

    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The middle one."""
        return float(np.median(self.values))


def measured(name: str, server: Running, times: int, path: Callable[[], str], into: Times | None = None) -> list[str]:
    """Ask one after another, and give a row of the table."""
    found, sizes = into if into is not None else Times(), []
    for number in range(times + 5):
        asked = path()
        start = time.perf_counter()
        status, content = server.ask("GET", asked)
        taken = (time.perf_counter() - start) * 1000
        if status not in (200, 204):
            raise RuntimeError(f"{asked}: {status} {content[:200]!r}")
        if number >= 5:
            found.values.append(taken)
            sizes.append(len(content))
    worst, high = max(found.values), float(np.percentile(found.values, 95))
    return [name, f"{found.median:.1f}", f"{high:.1f}", f"{worst:.1f}", f"{np.mean(sizes):,.0f}"]


def start_job(server: Running) -> str:
    """Start a job that keeps a core busy for long."""
    inputs = {"layer": LAYER}
    status, content = server.ask(
        "POST", "/processes/check-geometry/execution", {"inputs": inputs}, prefer="respond-async"
    )
    if status != 201:
        raise RuntimeError(content.decode())
    return str(json.loads(content)["jobID"])


def many(server: Running, seconds: float, path: Callable[[], str]) -> str:
    """Let many clients ask for a while."""
    lock = threading.Lock()
    found, faults = Times(), [0]
    before = server.memory()
    until = time.monotonic() + seconds

    def client() -> None:
        while time.monotonic() < until:
            with lock:
                asked = path()
            start = time.perf_counter()
            try:
                status, _ = server.ask("GET", asked)
            except (OSError, http.client.HTTPException):
                status = 0
            with lock:
                found.values.append((time.perf_counter() - start) * 1000)
                faults[0] += status not in (200, 204)

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    halfway = before
    while any(thread.is_alive() for thread in threads):
        time.sleep(0.5)
        if time.monotonic() < until - seconds / 2:
            halfway = server.memory()
    for thread in threads:
        thread.join()
    after = server.memory()
    rate = len(found.values) / seconds
    return (
        f"{CLIENTS} clients for {seconds:.0f} s: {len(found.values):,} requests ({rate:.0f} a second), "
        f"{faults[0]} failed, "
        f"median {found.median:.0f} ms, p95 {np.percentile(found.values, 95):.0f} ms; memory of the server "
        f"{before:.0f} MiB before, {halfway:.0f} MiB halfway, {after:.0f} MiB after.\n"
    )


def pygeoapi_rows(folder: Path, workspace: Path, places: Places, asked: int) -> str:
    """Measure pygeoapi's Parquet provider on the same file."""
    python = os.environ.get("SPACEGOV_BENCH_PYGEOAPI")
    if not python:
        return "Not measured: SPACEGOV_BENCH_PYGEOAPI names no Python with pygeoapi in it."
    folder.mkdir(parents=True, exist_ok=True)
    port = 5917
    source = folder / "buildings.parquet"
    if not source.exists():
        write_flat(workspace / "data" / LAYER / "2025-01-01.parquet", source)
    (folder / "config.yml").write_text(json.dumps(_peer_config(source, port)), encoding="utf-8")
    environment = {
        **os.environ, "PYGEOAPI_CONFIG": str(folder / "config.yml"), "PYGEOAPI_OPENAPI": str(folder / "openapi.yml"),
    }  # fmt: skip
    program = str(Path(python).parent / "pygeoapi")
    made = subprocess.run(
        [program, "openapi", "generate", str(folder / "config.yml"), "--output-file", str(folder / "openapi.yml")],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode:
        return f"Not measured: pygeoapi says {(made.stderr.strip().splitlines() or ['nothing'])[-1]}"
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([program, "serve", "--starlette"], env=environment, stdout=log, stderr=log)
        try:
            server = Running(process, f"127.0.0.1:{port}")
            _until_it_answers(server)
            items = "/collections/buildings/items"
            place = {"f": "json", "limit": 100, "bbox-crs": "http://www.opengis.net/def/crs/EPSG/0/4549"}
            times = max(10, asked // 10)
            rows = [
                measured(
                    "items: 100 in a box of 1 km",
                    server,
                    times,
                    lambda: f"{items}?{urlencode({**place, 'bbox': places.native_box()})}",
                ),
                measured("one item by its id", server, times, lambda: f"{items}/{places.name()}?f=json"),
            ]
        finally:
            process.terminate()
            process.wait(30)
    return table(["request", "median", "p95", "slowest", "bytes"], rows)


def _until_it_answers(server: Running) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            http.client.HTTPConnection(server.host, timeout=5).connect()
            return
        except OSError:
            time.sleep(0.5)
    raise RuntimeError("pygeoapi does not answer")


def write_flat(layer: Path, target: Path) -> None:
    """Write the layer with a column for each side of its boxes, which is what pygeoapi asks for."""
    file = pq.ParquetFile(layer)
    writer = None
    for group in range(file.num_row_groups):
        part = file.read_row_group(group)
        box = part["bbox"].combine_chunks()
        for side in ("xmin", "ymin", "xmax", "ymax"):
            part = part.append_column(side, box.field(side))
        part = part.drop_columns("bbox")
        writer = writer or pq.ParquetWriter(target, part.schema, compression="zstd")
        writer.write_table(part)
    if writer is not None:
        writer.close()


def _peer_config(source: Path, port: int) -> dict[str, Any]:
    provider = {
        "type": "feature", "name": "Parquet", "data": {"source_type": "Parquet", "source": str(source)},
        "id_field": "number", "x_field": ["xmin", "xmax"], "y_field": ["ymin", "ymax"], "crs": ["http://www.opengis.net/def/crs/EPSG/0/4549"],
        "storage_crs": "http://www.opengis.net/def/crs/EPSG/0/4549",
    }  # fmt: skip
    english = {"en": "Many buildings"}
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port}, "url": f"http://127.0.0.1:{port}",
            "mimetype": "application/json", "encoding": "utf-8", "languages": ["en"],
            "limits": {"default_items": 10, "max_items": 10000},
            "map": {"url": "https://tile.invalid/{z}/{x}/{y}.png", "attribution": "none"}, "gzip": False,
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {"title": english, "description": english, "keywords": {"en": ["buildings"]},
                               "keywords_type": "theme", "terms_of_service": "none", "url": "https://example.invalid"},
            "license": {"name": "CC0", "url": "https://example.invalid"},
            "provider": {"name": "benchmark", "url": "https://example.invalid"},
            "contact": {"name": "benchmark", "url": "https://example.invalid"},
        },
        "resources": {
            "buildings": {
                "type": "collection", "title": english, "description": english, "keywords": {"en": ["buildings"]},
                "links": [], "extents": {"spatial": {"bbox": [-180, -90, 180, 90]}}, "providers": [provider],
            }
        },
    }  # fmt: skip
