"""Driving Chromium: open a page without a network, run a script in it, and read what it found."""

from __future__ import annotations

import json
import re
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
needs_chromium = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium (Debian package chromium)")

# Whatever a page asks for outside itself is refused by the browser and counted here.
WATCH = """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline';
style-src 'unsafe-inline'; img-src data:"><script>
window.asked = []; window.faults = [];
document.addEventListener("securitypolicyviolation", (event) => asked.push(event.blockedURI));
addEventListener("error", (event) => faults.push(event.message));
</script>"""

PROBE = """<script>addEventListener("load", () => setTimeout(async () => {{
  const map = {map}, wait = (ms) => new Promise((done) => setTimeout(done, ms));
  const container = map.getContainer();
  const box = (selector) => {{
    const side = container.querySelector(selector)?.getBoundingClientRect();
    return side && [side.left, side.top, side.right, side.bottom];
  }};
  const click = async (latlng) => {{ map.fire("click", {{ latlng: L.latLng(latlng) }}); await wait(400); }};
  let found;
  try {{ found = await (async () => {{ {script} }})(); }} catch (error) {{ found = {{ error: String(error.stack) }}; }}
  const said = document.createElement("pre");
  said.id = "said";
  const requests = performance.getEntriesByType("resource").map((entry) => entry.name);
  said.textContent = JSON.stringify({{ found, asked, faults, requests }});
  document.body.append(said);
}}, 200));</script></body>"""


def ask(html: str, folder: Path, script: str, *, size: tuple[int, int] = (1280, 800)) -> Any:
    """Open a map's page in Chromium and give what a script in it returns.

    Fails when the page logs to the console, raises, or asks for anything outside itself.
    """
    name = re.search(r"var (map_\w+) =", html)[1]
    html = html.replace("<head>", f"<head>{WATCH}", 1).replace("</body>", PROBE.format(map=name, script=script), 1)
    file = folder / "map.html"
    file.write_text(html, encoding="utf-8")
    command = [
        *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
        "--force-prefers-reduced-motion",  # virtual time draws no frames for an animation
        *("--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", f"--user-data-dir={folder / 'profile'}"),
        *(f"--window-size={size[0]},{size[1]}", "--virtual-time-budget=8000", "--dump-dom", file.as_uri()),
    ]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    said = re.search(r'<pre id="said">(.*?)</pre>', run.stdout, re.DOTALL)
    assert said, run.stderr[-2000:]
    told = json.loads(unescape(said[1]))
    assert told["asked"] == []
    assert told["faults"] == []
    assert [name for name in told["requests"] if not name.startswith("data:")] == []
    assert [line for line in run.stderr.splitlines() if "CONSOLE" in line] == []
    assert not (isinstance(told["found"], dict) and "error" in told["found"]), told["found"]
    return told["found"]
