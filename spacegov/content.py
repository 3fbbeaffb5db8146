"""Find the content that comes with spacegov: cards, sample data, web assets.

In a checkout the content lies beside the package, in a wheel inside it. Only the standard library is used, since
the command line needs this before anything else.
"""

from pathlib import Path
from typing import Literal

from spacegov.errors import UnreadableFile

ContentName = Literal["layers", "tools", "sample_data", "web"]

_PACKAGE = Path(__file__).parent

_FOLDER_IN_CHECKOUT: dict[ContentName, str] = {
    "layers": "layers",
    "tools": "tools",
    "sample_data": "sample_data",
    "web": "web/dist",
}

_MADE_BY: dict[ContentName, str] = {
    "layers": "git restore layers",
    "tools": "git restore tools",
    "sample_data": "git restore sample_data",
    "web": "make setup",
}


def content_path(name: ContentName) -> Path:
    """Give the folder of one kind of content.

    Parameters
    ----------
    name : {"layers", "tools", "sample_data", "web"}
        Layer cards, tool cards, the sample county, or the built assets of maps and viewer.

    Returns
    -------
    Path
        An existing folder: in a checkout ``layers``, ``tools``, ``sample_data`` or ``web/dist`` at its root, in an
        installed wheel the same content inside the package.

    Raises
    ------
    spacegov.errors.UnreadableFile
        If the folder does not exist; the message gives the command that makes it.

    Examples
    --------
    >>> content_path("web").name
    'dist'
    """
    checkout = checkout_root()
    if checkout is None:
        folder = _PACKAGE / "_content" / name
        remedy = "pip install --force-reinstall spacegov"
    else:
        folder = checkout / _FOLDER_IN_CHECKOUT[name]
        remedy = f"cd {checkout} && {_MADE_BY[name]}"
    if not folder.is_dir():
        raise UnreadableFile(f"The folder {folder} with spacegov's {name} is missing; make it with: {remedy}")
    return folder


def checkout_root() -> Path | None:
    """Give the root of the checkout the package runs from, or None if it was installed from a wheel.

    Returns
    -------
    Path or None
        The package's parent, if that holds ``pyproject.toml``.
    """
    parent = _PACKAGE.parent
    return parent if (parent / "pyproject.toml").is_file() else None
