"""The command line: `spacegov --help`."""

from __future__ import annotations

from spacegov.cli.main import main

__all__ = ["main"]
