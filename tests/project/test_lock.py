"""The lock files: complete, and naming no host, so that any mirror serves them."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
HOST = re.compile(r"://|--index|--extra-index|--find-links|\b[\w-]+\.(?:org|com|net|io|dev|cn)\b")


def pinned_versions() -> dict[str, str]:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pins = [line.split("==") for line in lines if line and not line.lstrip().startswith("#")]
    return {canonicalize_name(name): version.strip() for name, version in pins}


def declared_requirements() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    return project["dependencies"] + [text for name in extras if name != "all" for text in extras[name]]


@pytest.mark.parametrize("name", ["requirements.lock", "web/package-lock.json", "web/.npmrc", "pyproject.toml"])
def test_no_host_is_named(name):
    found = [line for line in (ROOT / name).read_text().splitlines() if HOST.search(line)]
    assert found == []


def test_host_pattern_finds_what_clients_write():
    assert HOST.search('"resolved": "https://mirror.example/leaflet.tgz"')
    assert HOST.search("--index-url mirror")
    assert HOST.search("# from files.example.org")


@pytest.mark.parametrize("text", declared_requirements())
def test_every_declared_dependency_is_locked_within_its_bounds(text):
    requirement = Requirement(text)
    version = pinned_versions().get(canonicalize_name(requirement.name))
    assert version is not None, f"requirements.lock lacks {requirement.name}: run make lock"
    assert requirement.specifier.contains(version, prereleases=True), f"{version} is outside {text}: run make lock"


def test_extra_all_holds_every_other_extra():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (everything,) = extras["all"]
    assert Requirement(everything).extras == set(extras) - {"all"}


def test_npm_packages_are_pinned_and_verified():
    package = json.loads((ROOT / "web/package.json").read_text())
    locked = json.loads((ROOT / "web/package-lock.json").read_text())["packages"]
    wanted = package.get("dependencies", {}) | package.get("devDependencies", {})
    assert wanted
    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert all(entry["integrity"].startswith("sha512-") for path, entry in locked.items() if path)
