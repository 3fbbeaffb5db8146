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
from spacegov.toolbox.run import run

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


def main() -> None:
    """Make every picture."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        workspace = spacegov.open()
        run_demo(workspace, out, "en")
        photograph(out / "index.html", PICTURES / "demo.png", 1280, 1390)
        photograph(out / "delineate-three-zones.html", PICTURES / "three-zones.png", 1280, 800)
        real = os.environ.get("SPACEGOV_REAL_DATA")
        if real:
            plans = f"{real}/baltimore_md.gpkg:adopted_plans"
            result = run(workspace, "detect-plan-conflict", {"plans": plans, "plan": "plan_name"}, keep=False)
            result.map().save(str(out / "baltimore.html"))
            photograph(out / "baltimore.html", PICTURES / "baltimore.png", 1280, 800)
    print("\n".join(str(path) for path in sorted(PICTURES.glob("*.png"))))


if __name__ == "__main__":
    sys.exit(main())
