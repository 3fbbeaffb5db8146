"""The sample county and larger ones: invented land that behaves like land, with answers known beforehand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def build_county(directory: str | Path, seed: int = 2025) -> None:
    """Make the sample county as a workspace.

    Parameters
    ----------
    directory
        Folder of the workspace; data, bindings and truth in it are replaced.
    seed
        The same seed gives the same files.
    """
    from spacegov.synthetic.county import make_county
    from spacegov.synthetic.write import write_county

    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    write_county(make_county(seed), folder)


def new_county(directory: str | Path, seed: int = 2025) -> None:
    """Make the sample county in a new folder.

    Raises
    ------
    BadInput
        The folder holds something already.
    """
    from spacegov.errors import BadInput

    folder = Path(directory)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(f"{directory}: a new or empty folder is needed, it holds something already; name another")
    build_county(folder, seed)


def build_province(
    directory: str | Path,
    units: int,
    layers: int,
    seed: int = 2025,
    progress: Callable[[float, str], None] | None = None,
) -> dict[str, Any]:
    """Make a province of any size as a workspace; see `spacegov.synthetic.province.build_province`."""
    from spacegov.synthetic.province import build_province as build

    return build(directory, units, layers, seed, progress)
