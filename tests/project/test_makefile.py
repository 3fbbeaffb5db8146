"""The commands of the Makefile."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGETS = ["setup", "run", "test", "test-long", "lint", "bench", "docs", "lock", "clean"]


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    # A test run started by make must not hand its own job server and flags to the make under test.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_help_names_every_target():
    named = {line.split()[1] for line in make("help").stdout.splitlines()}
    assert named == {"help", *TARGETS}


@pytest.mark.parametrize("target", TARGETS)
def test_target_has_commands(target):
    dry = make("--dry-run", "--always-make", target)
    assert dry.returncode == 0, dry.stderr
    assert dry.stdout.strip()


def test_run_is_the_demo():
    assert "bin/spacegov demo --out out/demo" in make("--dry-run", "run").stdout


def test_unsuitable_python_is_answered_in_one_sentence(tmp_path):
    venv = tmp_path / "venv"
    answer = make(f"VENV={venv}", f"PYTHON={shutil.which('false')}", f"{venv}/bin/pip")
    assert answer.returncode == 2
    assert answer.stderr.startswith("spacegov needs Python 3.11 or newer")
    assert not venv.exists()


def test_continuous_integration_calls_test_and_lint():
    run = ROOT / ".ci/run"
    assert os.access(run, os.X_OK)
    assert subprocess.run(["bash", "-n", run], check=False).returncode == 0
    lines = run.read_text().splitlines()
    assert "make test || failed=1" in lines
    assert "make lint || failed=1" in lines
    assert lines[-1] == "exit $failed"
