"""Where the content is found, and what is said when it is not there."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from spacegov.content import checkout_root, content_path

ROOT = Path(__file__).parents[2]


@pytest.fixture
def package(tmp_path):
    """Lay out the two modules that finding content needs, as a package of its own."""
    folder = tmp_path / "spacegov"
    folder.mkdir()
    (folder / "__init__.py").touch()
    for name in ("content.py", "errors.py"):
        shutil.copy(ROOT / "spacegov" / name, folder)
    return folder


def ask(package: Path, name: str) -> str:
    program = (
        "from spacegov.content import content_path\nfrom spacegov.errors import BadInput\n"
        f"try: print(content_path({name!r}))\nexcept BadInput as error: print(error)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=package.parent,
        env={"PYTHONPATH": str(package.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout.strip()


def make_checkout(package: Path) -> Path:
    (package.parent / "pyproject.toml").touch()
    return package.parent


def test_this_checkout_is_found():
    assert checkout_root() == ROOT
    assert content_path("web") == ROOT / "web/dist"


def test_checkout_comes_before_the_wheel_content(package):
    checkout = make_checkout(package)
    (checkout / "layers").mkdir()
    (package / "_content/layers").mkdir(parents=True)
    assert ask(package, "layers") == str(checkout / "layers")


def test_wheel_content_is_found(package):
    (package / "_content/tools").mkdir(parents=True)
    assert ask(package, "tools") == str(package / "_content/tools")


def test_missing_web_assets_name_the_command_that_makes_them(package):
    checkout = make_checkout(package)
    assert ask(package, "web") == (
        f"The folder {checkout}/web/dist with spacegov's web is missing; make it with: cd {checkout} && make setup"
    )


def test_missing_cards_of_a_checkout_are_restored(package):
    checkout = make_checkout(package)
    assert ask(package, "layers").endswith(f"make it with: cd {checkout} && git restore layers")


def test_broken_installation_names_the_command_that_mends_it(package):
    assert ask(package, "sample_data").endswith("make it with: pip install --force-reinstall spacegov")


def test_only_the_standard_library_is_loaded(package):
    make_checkout(package)
    program = "import sys; before = set(sys.modules); import spacegov.content; print(*set(sys.modules) - before)"
    answer = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(package.parent)!r}); {program}"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name.split(".")[0].lstrip("_") for name in answer.stdout.split()}
    assert loaded - {name.lstrip("_") for name in sys.stdlib_module_names} == {"spacegov"}
