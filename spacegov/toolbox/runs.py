"""Run folders: what a run wrote, whole or not at all."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.errors import UnreadableFile
from spacegov.layers.geoparquet import PAGED, ROW_GROUP

if TYPE_CHECKING:
    from spacegov.toolbox.result import Result

DAY = 24 * 3600


def keep_run(runs: Path, result: Result) -> Result:
    """Write a run folder and give the result that knows it.

    The folder is written under a temporary name and renamed, so that a killed run leaves no half answer.
    """
    stamp = result.provenance.started.strftime("%Y%m%dT%H%M%S")
    name = f"{stamp}-{result.tool.id}-{secrets.token_hex(3)}"
    temporary = runs / f".{name}.{os.getpid()}.part"
    _sweep(runs)
    try:
        temporary.mkdir(parents=True)
        for frame_name, frame in result.frames.items():
            write_frame(frame, temporary / f"{frame_name}.{'tif' if not hasattr(frame, 'columns') else 'parquet'}")
        if result.not_covered is not None:
            write_frame(result.not_covered, temporary / "not_covered.parquet")
        if result.sensitivity is not None:
            write_frame(result.sensitivity.astype({"value": str}), temporary / "sensitivity.parquet")
        facts = {"summary": result.summary, "provenance": result.provenance.model_dump(mode="json")}
        (temporary / "run.json").write_text(
            json.dumps(facts, ensure_ascii=False, indent=1, default=str), encoding="utf-8"
        )
        temporary.rename(runs / name)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        reason = error.strerror or " ".join(str(error).split())
        raise UnreadableFile(
            f"{runs}: the run cannot be written there ({reason}); free space or rights, or set XDG_STATE_HOME"
        ) from None
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return replace(result, folder=runs / name)


def _sweep(runs: Path) -> None:
    """Remove what runs killed more than a day ago had begun to write; younger ones may still be writing."""
    with suppress(OSError):
        for left in runs.glob(".*.part"):
            if time.time() - left.stat().st_mtime > DAY:
                shutil.rmtree(left, ignore_errors=True)


def write_frame(frame: Any, path: Path) -> None:
    """Write one frame: GeoParquet 1.1 with bbox column, Parquet for tables, cloud-optimized GeoTIFF for rasters.

    Row groups and pages are small, so that the service reads a window of a large answer without unpacking all of it.
    """
    if not hasattr(frame, "columns"):
        frame.write(path)
    elif hasattr(frame, "geometry") and getattr(frame, "_geometry_column_name", None) in frame.columns:
        plain = frame.copy(deep=False)
        plain.attrs = {}
        plain.to_parquet(
            path, schema_version="1.1.0", write_covering_bbox=bool(len(frame)), row_group_size=ROW_GROUP, **PAGED
        )
    else:
        plain = frame.copy(deep=False)
        plain.attrs = {}
        plain.to_parquet(path, compression="zstd", row_group_size=ROW_GROUP)
