"""Runs commands in processes forked from one that has loaded the libraries, since loading them takes most of the time.

Reads one JSON request a line (words, folder, environment), runs the command line in a process of its own with its own
standard streams, and answers with one JSON line: exit code, output, errors.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from typing import Any, BinaryIO


def serve() -> None:
    """Answer requests until standard input ends."""
    import geopandas  # noqa: F401  loaded here, once
    import pyarrow.parquet  # noqa: F401
    import pyogrio  # noqa: F401
    import rasterio  # noqa: F401

    import spacegov.cli  # noqa: F401
    from tests import trial_tools  # noqa: F401

    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Run one command in a process of its own."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            _become(request, out, err)
        _, status = os.waitpid(child, 0)
        return {"code": os.waitstatus_to_exitcode(status), "out": _text(out), "err": _text(err)}


def _text(stream: BinaryIO) -> str:
    stream.seek(0)
    return stream.read().decode()


def _become(request: dict[str, Any], out: BinaryIO, err: BinaryIO) -> None:
    """Turn the forked process into the command; it never returns."""
    code = 70
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"])
        sys.argv = ["spacegov", *request["words"]]
        from spacegov.cli import main

        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
    except BaseException:  # noqa: BLE001  whatever it is, the forked process ends here
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
