"""Compiling is announced once, and its results are kept where nobody else could have put them."""

import logging
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from spacegov.kernels import compilation, warm_up
from spacegov.kernels.jit import private_cache_folder


@pytest.fixture
def cold(monkeypatch, tmp_path):
    """A process that has used no kernel yet, on a machine where none is marked as compiled."""
    compilation.ensure_compiled("area")
    monkeypatch.setattr(compilation, "_ready", set())
    monkeypatch.setattr(compilation, "_mark", lambda family: tmp_path / "marks" / family)
    return tmp_path / "marks"


def test_compiling_is_told_on_standard_error_once(cold, capsys, monkeypatch):
    monkeypatch.setattr(compilation.logger, "hasHandlers", lambda: False)
    compilation.ensure_compiled("area")
    assert capsys.readouterr().err == "spacegov: compiling the area kernels, once on this machine, a few seconds …\n"
    assert (cold / "area").exists()
    compilation.ensure_compiled("area")
    monkeypatch.setattr(compilation, "_ready", set())
    compilation.ensure_compiled("area")
    assert capsys.readouterr().err == ""


def test_where_a_log_is_kept_it_stands_there(cold, caplog, capsys):
    with caplog.at_level(logging.INFO, logger="spacegov.kernels.compilation"):
        compilation.ensure_compiled("area")
    assert capsys.readouterr().err == ""
    assert "compiling the area kernels" in caplog.messages[0]
    assert caplog.messages[1].startswith("compiled the area kernels in ")


def test_a_folder_that_cannot_be_written_is_no_obstacle(cold, caplog):
    cold.write_text("a file where the folder should be")
    with caplog.at_level(logging.INFO, logger="spacegov.kernels.compilation"):
        compilation.ensure_compiled("area")
    assert "cannot be written" in caplog.messages[-1]
    assert compilation.is_compiled("area")


def test_warm_up_gives_the_seconds_it_took():
    assert warm_up("area") > 0.0
    assert compilation.is_compiled("area")


def test_the_mark_follows_sources_and_family():
    marks = {compilation._mark(family) for family in ("area", "large", "zones")}
    assert len(marks) == 3
    assert compilation._mark("area") == compilation._mark("area")


def test_a_temporary_cache_belongs_to_this_user_alone(tmp_path):
    folder = private_cache_folder(tmp_path)
    assert folder.stat().st_uid == os.getuid()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert private_cache_folder(tmp_path) == folder
    folder.chmod(0o777)
    other = private_cache_folder(tmp_path)
    assert other != folder
    assert stat.S_IMODE(other.stat().st_mode) == 0o700


def test_a_planted_link_is_not_followed(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (tmp_path / f"spacegov-compiled-{os.getuid()}").symlink_to(elsewhere)
    folder = private_cache_folder(tmp_path)
    assert not folder.is_symlink()
    assert folder != elsewhere


def test_what_other_sources_compiled_is_forgotten(cold):
    cold.mkdir()
    for name in ("join.join_areas-80.py311.nbi", "zone_boxes.classify_boxes-28.py311.nbi", "join.join_areas-80.1.nbc"):
        (cold / name).touch()
    compilation.ensure_compiled("area")
    left = sorted(path.name for path in cold.iterdir())
    assert left == ["area", "join.join_areas-80.1.nbc", "zone_boxes.classify_boxes-28.py311.nbi"]


CODE = """
import sys
from spacegov.kernels import warm_up
warm_up("area")
from spacegov.kernels.edges import edge_integral
print(edge_integral.stats.cache_path)
"""


@pytest.mark.long
def test_a_cold_process_compiles_with_a_word_and_a_second_one_loads(tmp_path):
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "compiled")}
    runs = [
        subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert "compiling the area kernels" in runs[0].stderr
    assert runs[1].stderr == ""
    assert str(tmp_path) in runs[0].stdout


@pytest.mark.long
def test_no_kernel_reads_or_writes_beyond_its_arrays(tmp_path):
    """The tests of the kernels once more, with every index checked."""
    environment = os.environ | {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path / "compiled")}
    here = Path(__file__).parent
    files = [
        str(here / f"test_{name}.py") for name in ("pairs", "cutting", "validity", "tabulate", "files", "strictest")
    ]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=here.parents[1])
    assert done.returncode == 0, done.stdout[-3000:]
