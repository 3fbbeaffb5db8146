"""Make the pictures of README: `python -m docs.pictures`, with Chromium and, for Baltimore, SPACEGOV_REAL_DATA."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import spacegov
from spacegov.applications.demo import run_demo
from spacegov.maps.answers import picture_ground, style_of_layer
from spacegov.maps.picture import PictureLayer, picture
from spacegov.toolbox.run import run
from spacegov.workspace import Workspace

PICTURES = Path(__file__).parent / "pictures"
CHROMIUM = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--use-gl=angle", "--use-angle=swiftshader", "--virtual-time-budget=8000"),
]


def photograph(page: Path, picture: Path, width: int, height: int) -> None:
    """Take a picture of a page, with every other host out of reach."""
    browser = shutil.which("chromium") or "/usr/bin/chromium"
    arguments = [
        browser, *CHROMIUM, "--host-resolver-rules=MAP * ~NOTFOUND",
        f"--window-size={width},{height}", f"--screenshot={picture}", page.resolve().as_uri(),
    ]  # fmt: skip
    subprocess.run(arguments, check=True, capture_output=True, timeout=120)


SCALES = {
    "county": (
        (498_000, 3_248_500, 528_000, 3_278_500),
        ["planned.land-use-plan", "natural.forest", "natural.water-bodies", "artificial.roads", "artificial.townships"],
    ),
    "town": (
        (510_000, 3_260_500, 516_500, 3_267_000),
        ["artificial.land-survey", "natural.water-bodies", "artificial.roads", "artificial.buildings"],
    ),
    "street": (
        (512_800, 3_263_300, 513_700, 3_264_200),
        ["artificial.parcels", "natural.water-bodies", "artificial.roads", "artificial.buildings"],
    ),
}


def draw_county(workspace: Workspace, out: Path) -> None:
    """Draw the sample county at three scales, in the styles of its cards."""
    for name, (bounds, layers) in SCALES.items():
        drawn = picture_ground(workspace, workspace.crs)[:1] if name == "county" else []
        for layer in (workspace.layers[key] for key in layers):
            data = layer.read(bounds)
            drawn.append(PictureLayer(data, style_of_layer(layer, data), 0.75 if name == "county" else 1.0))
        svg = picture(drawn, bounds, 900, 900, title=f"Lanhe County, {name}", theme="light", name=name)
        page = out / f"{name}.html"
        page.write_text(f'<meta charset="utf-8"><style>body{{margin:0}}</style>{svg}', encoding="utf-8")
        photograph(page, PICTURES / f"{name}.png", 900, 900)


def main() -> str | None:
    """Make every picture; gives why not, where the demo fails."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        workspace = spacegov.open()
        draw_county(workspace, out)
        if failed := run_demo(workspace, out, "en").failed:
            return f"no picture is taken of a demo that failed: {', '.join(failed)}"
        photograph(out / "index.html", PICTURES / "demo.png", 1280, 1470)
        photograph(out / "outbreak-three-zones" / "map.html", PICTURES / "three-zones.png", 1280, 800)
        real = os.environ.get("SPACEGOV_REAL_DATA")
        if real:
            plans = f"{real}/baltimore_md.gpkg:adopted_plans"
            result = run(workspace, "detect-plan-conflict", {"plans": plans, "plan": "plan_name"}, keep=False)
            result.map().save(str(out / "baltimore.html"))
            photograph(out / "baltimore.html", PICTURES / "baltimore.png", 1280, 800)
    print("\n".join(str(path) for path in sorted(PICTURES.glob("*.png"))))
    return None


if __name__ == "__main__":
    sys.exit(main())
