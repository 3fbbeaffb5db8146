"""What a wheel holds, and that the package finds it there."""

import importlib.metadata
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOT_IN_A_CLONE = shutil.ignore_patterns(
    ".git", ".venv", "node_modules", "dist", "out", "__pycache__", ".*_cache", ".hypothesis"
)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Copy the checkout, so that building cannot disturb the one under test."""
    copy = tmp_path_factory.mktemp("source") / "spacegov"
    shutil.copytree(ROOT, copy, ignore=NOT_IN_A_CLONE)
    return copy


@pytest.fixture(scope="module")
def wheel(source):
    """Build a wheel as pip would, with the build backend of the lock."""
    folder = source.parent / "wheels"
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    built = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Unpack the wheel, which is all that installing a pure Python wheel does to its modules."""
    folder = tmp_path_factory.mktemp("site-packages")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["layers", "tools", "sample_data"])
def test_content_is_in_the_wheel(source, installed, name):
    content = files_below(installed / "spacegov/_content" / name)
    assert content
    assert content == {path for path in files_below(source / name) if not path.endswith(".pyc")}


def test_map_assets_are_in_the_wheel(installed):
    assert {"map/map.js", "map/map.css", "map/LICENCES.txt"} <= files_below(installed / "spacegov/_content/web")


def test_nothing_else_is_in_the_wheel(wheel):
    top = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    version = importlib.metadata.version("spacegov")
    assert top == {"spacegov", f"spacegov-{version}.dist-info"}
    assert not [name for name in zipfile.ZipFile(wheel).namelist() if "node_modules" in name]


def test_package_finds_its_content_in_the_wheel(installed, tmp_path):
    program = (
        "from spacegov.content import checkout_root, content_path; "
        "assert checkout_root() is None; "
        "print(*map(content_path, ('layers', 'tools', 'sample_data', 'web')), sep='\\n')"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    content = installed / "spacegov/_content"
    assert answer.stdout.split() == [str(content / name) for name in ("layers", "tools", "sample_data", "web")]


def test_editable_installation_copies_nothing(source, tmp_path):
    program = f"from hatchling.build import build_editable; build_editable({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", program], cwd=source, capture_output=True, check=True)
    (path,) = tmp_path.glob("*.whl")
    assert not [name for name in zipfile.ZipFile(path).namelist() if name.startswith("spacegov/")]
