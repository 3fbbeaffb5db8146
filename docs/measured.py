"""The table of measured figures in README, taken from the pages in docs/performance: `python -m docs.measured`."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "performance"
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"


def tables(page: str) -> list[list[list[str]]]:
    """Give the tables of a page as rows of cells, the head first, the line below it left out."""
    found: list[list[list[str]]] = []
    inside = False
    for line in (PAGES / page).read_text(encoding="utf-8").splitlines():
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if not inside:
                found.append([])
            if not all(set(cell) <= set("-: ") for cell in cells):
                found[-1].append(cells)
        inside = line.startswith("|")
    return found


def cell(page: str, table: int, row: str, column: str) -> str:
    """Give one figure: of a table of a page, the row that begins with a word, the column so called.

    Raises
    ------
    KeyError
        The page has no such row or column.
    """
    head, *rows = tables(page)[table]
    chosen = next((cells for cells in rows if cells[0].startswith(row)), None)
    if chosen is None or column not in head:
        raise KeyError(f"{page}, table {table}: there is no {row!r} with {column!r}")
    return chosen[head.index(column)]


def measured() -> str:
    """Make the table."""
    ours = "spacegov, files to table"
    lines = ["| from files to answer | spacegov | geopandas | DuckDB spatial | SedonaDB |", "|---|---|---|---|---|"]
    for what, table in (
        ("Areas by class, 160,000 parcels × 12,100 zones", 0),
        ("the same, 67,796 large polygons × itself moved", 1),
        ("the same, 93,501 polygons of a real zoning × itself moved", 2),
    ):
        peers = [
            cell("areas.md", table, name, "÷ ours") + " that"
            for name in ("geopandas.overlay, files", "DuckDB spatial", "SedonaDB")
        ]
        lines.append(_row(f"[{what}](docs/performance/areas.md)", cell("areas.md", table, ours, "time"), *peers))
    peers = [
        cell("zones.md", 0, name, "its time / ours") + " that"
        for name in ("geopandas.sjoin", "DuckDB spatial", "SedonaDB")
    ]
    what = "[Strictest of 300 zones for 12 M buildings](docs/performance/zones.md)"
    lines.append(_row(what, cell("zones.md", 0, "spacegov", "time"), *peers))
    zonal = (
        cell("zonal.md", 0, "exactextract", "its time / ours"),
        cell("zonal.md", 0, "rasterstats", "its time / ours"),
    )
    what = "[Mean of a raster of 36 M cells by 4,900 zones](docs/performance/zonal.md)"
    peers_of = f"exactextract {zonal[0]}, rasterstats {zonal[1]}"
    lines.append(_row(what, cell("zonal.md", 0, "spacegov", "time"), peers_of, "", ""))
    rate, join = (
        cell("positions.md", 0, "spacegov", "positions a second"),
        cell("positions.md", 0, "geopandas", "÷ ours"),
    )
    what = "[Positions into presence counts, 600,000 buildings and 50 zones, one core](docs/performance/positions.md)"
    lines.append(_row(what, f"{rate} a second", f"{join} that", "", ""))
    large = cell("service.md", 1, "items: 100 in a box", "p95"), cell("service.md", 1, "live tile, z 16", "p95")
    what = "[A page of items and a live tile of 12 M buildings, over HTTP, p95](docs/performance/service.md)"
    lines.append(_row(what, f"{large[0]} ms, {large[1]} ms", "", "", ""))
    batch = "spacegov batch, 40 zones a part, 1 worker"
    script, own = (_seconds(cell("batch.md", 1, name, "time")) for name in ("geopandas script", batch))
    what = "[Batch over a province of 2 M units, one worker, with provenance](docs/performance/batch.md)"
    lines.append(_row(what, cell("batch.md", 1, batch, "time"), f"{script / own:.2g} × that (a script)", "", ""))
    last = tables("streaming.md")[0][-1]
    head = tables("streaming.md")[0][0]
    size, each, memory = (last[head.index(name)] for name in ("million parcels", "per million", "peak memory"))
    what = f"[Areas by class, streamed, {size} M parcels](docs/performance/streaming.md)"
    lines.append(_row(what, f"{each} a million, {memory}", "", "", ""))
    return "\n".join(lines)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _seconds(text: str) -> float:
    return float(text.removesuffix(" s").replace(",", ""))


def main() -> None:
    """Write the table into README."""
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    path.write_text(pattern.sub(lambda _: f"{BEGIN}\n{measured()}\n{END}", text), encoding="utf-8")


if __name__ == "__main__":
    main()
