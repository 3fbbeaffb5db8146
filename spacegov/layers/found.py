"""Founding a workspace: the folder that holds a territory."""

from __future__ import annotations

import json
from pathlib import Path

from spacegov.errors import BadInput
from spacegov.layers.store import write_text, writing
from spacegov.workspace import SETTINGS, Workspace


def found_workspace(directory: Path, crs: str, *, name: str | None = None) -> Workspace:
    """Make an empty workspace.

    Parameters
    ----------
    directory : Path
        Its folder, new or empty.
    crs : str
        The analysis CRS, projected and in metres.
    name : str, optional
        The territory; the folder's name without it.

    Raises
    ------
    BadInput
        The folder holds something.
    UnsuitableCrs
        The CRS is not projected or not in metres.
    """
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    from spacegov.crs import check_crs
    from spacegov.errors import UnsuitableCrs

    try:
        check_crs(str(directory), CRS.from_user_input(crs))
    except CRSError:
        raise UnsuitableCrs(f"{crs!r} names no CRS; write it as EPSG:4549") from None
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise BadInput(f"{directory}: it is there already and not empty; name a new folder")
    title = json.dumps(name or directory.resolve().name, ensure_ascii=False)
    text = f"name: {{en: {title}}}\ncrs: {json.dumps(crs)}\narea_basis: ellipsoid\nunits: {{}}\nlanguage: en\n"
    with writing(directory):
        for folder in ("layers/bindings", "data"):
            (directory / folder).mkdir(parents=True, exist_ok=True)
        write_text(directory / SETTINGS, text)
    return Workspace.open(directory)
