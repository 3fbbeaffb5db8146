"""What spacegov imports is declared, and what it needs may be given away under its licence."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MODULES = sorted((ROOT / "spacegov").rglob("*.py"))

# Only these parts of the package may import what an extra installs.
FOLDER_OF_EXTRA = {"form": "spacegov/tools", "service": "spacegov/service", "scale": "spacegov/batch"}

GPL = re.compile(r"\bA?GPL|Affero|GNU General Public", re.IGNORECASE)
WEAK_COPYLEFT = re.compile(r"\bLGPL|Lesser General|\bMPL|Mozilla|\bEPL|\bCDDL", re.IGNORECASE)

# Used unchanged as separate files, which these licences allow beside any other.
WEAK_COPYLEFT_ALLOWED = {
    "certifi": "MPL-2.0: a file of root certificates, a dependency of rasterio, pyogrio and pyproj",
    "tqdm": "MPL-2.0 and MIT: progress bars inside the analysis libraries",
}


@cache
def providers() -> dict[str, set[str]]:
    return {
        module: {canonicalize_name(name) for name in names}
        for module, names in importlib.metadata.packages_distributions().items()
    }


def names_of(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(text).name) for text in requirements}


def third_party_imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"spacegov"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_are_declared(path):
    declared = names_of(PROJECT["dependencies"])
    for extra, folder in FOLDER_OF_EXTRA.items():
        if path.is_relative_to(ROOT / folder):
            declared |= names_of(PROJECT["optional-dependencies"][extra])
    undeclared = {module for module in third_party_imports(path) if not providers().get(module, set()) & declared}
    assert undeclared == set()


def core_distributions() -> set[str]:
    """Names of everything that an installation without extras brings."""
    wanted = [Requirement(text) for text in PROJECT["dependencies"]]
    found: set[str] = set()
    while wanted:
        requirement = wanted.pop()
        name = canonicalize_name(requirement.name)
        if name in found:
            continue
        found.add(name)
        for text in importlib.metadata.requires(name) or []:
            dependency = Requirement(text)
            if dependency.marker is None or any(
                dependency.marker.evaluate({"extra": extra}) for extra in requirement.extras | {""}
            ):
                wanted.append(dependency)
    return found


def stated_licence(name: str) -> str:
    metadata = importlib.metadata.metadata(name)
    expression = metadata.get("License-Expression")
    if expression:
        return expression
    classifiers = [text for text in metadata.get_all("Classifier") or [] if text.startswith("License ::")]
    # The field may hold the whole text: its title says which licence it is.
    return "; ".join(classifiers) or (metadata.get("License") or "").strip()[:200]


def test_core_holds_no_gpl_and_every_weak_copyleft_has_a_reason():
    licences = {name: stated_licence(name) for name in core_distributions()}
    assert {name for name, text in licences.items() if not text} == set()
    assert {name: text for name, text in licences.items() if GPL.search(text)} == {}
    weak = {name: text for name, text in licences.items() if WEAK_COPYLEFT.search(text)}
    assert set(weak) - set(WEAK_COPYLEFT_ALLOWED) == set()


def test_licence_patterns():
    assert GPL.search("GPL-3.0-only")
    assert GPL.search("AGPL-3.0")
    assert GPL.search("GNU General Public License v2")
    assert not GPL.search("LGPL-2.1")
    assert not GPL.search("GNU Lesser General Public License")
    assert WEAK_COPYLEFT.search("LGPL-2.1")


def test_spacegov_states_its_licence():
    assert PROJECT["license"] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text()
