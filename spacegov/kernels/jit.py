"""How the kernels are compiled: options, and a folder for the compiled code.

Every kernel is serial, releases the GIL and is cached on disk; threads take slices. Numba chooses the folder of a
kernel's cache when the kernel is decorated, therefore this module is imported before any kernel.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba import njit

# error_model: a division by zero gives infinity as in numpy; the branch that raises would stop vectorisation
_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
# what only other kernels call needs no way in from Python, which takes a third of the compiler's time
_INNER: dict[str, Any] = {"no_cpython_wrapper": True}
# sums may be reassociated and vectorised, inputs are finite
_FAST_OPTIONS: dict[str, Any] = _OPTIONS | {"fastmath": {"reassoc", "nsz", "contract", "arcp", "nnan", "ninf"}}

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Compile a function on first use."""
    return cast(Function, njit(**_OPTIONS)(function))


def inner_kernel(function: Function) -> Function:
    """Compile a function that only kernels call."""
    return cast(Function, njit(**_OPTIONS, **_INNER)(function))


def fast_inner_kernel(function: Function) -> Function:
    """Compile a function that only kernels call, whose floating-point sums may be reordered; its inputs are finite."""
    return cast(Function, njit(**_FAST_OPTIONS, **_INNER)(function))


def _writable(folder: Path) -> bool:
    """Whether a file can be made in the folder, or in the nearest one above it that exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return os.access(folder, os.W_OK | os.X_OK)


def private_cache_folder(parent: Path) -> Path:
    """Give a folder for compiled code that no other user can have written to.

    The cache holds pickles: one planted by another user would be run. A folder of ours from an earlier process is
    taken again, anything doubtful is left alone for a fresh folder.
    """
    folder = parent / f"spacegov-compiled-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        state = folder.lstat()
    except OSError:
        return Path(tempfile.mkdtemp(prefix="spacegov-compiled-"))
    if folder.is_symlink() or state.st_uid != os.getuid() or state.st_mode & 0o077:
        return Path(tempfile.mkdtemp(prefix="spacegov-compiled-", dir=parent))
    return folder


def choose_cache_folder() -> None:
    """Send the cache to a temporary folder where neither the package's nor the user's own folder can be written."""
    config: Any = numba.config
    if config.CACHE_DIR:
        return
    in_package = Path(__file__).parent / "__pycache__"
    of_user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    if not _writable(in_package) and not _writable(of_user):
        config.CACHE_DIR = str(private_cache_folder(Path(tempfile.gettempdir())))


choose_cache_folder()
