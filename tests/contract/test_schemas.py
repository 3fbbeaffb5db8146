"""The JSON Schemas that editors use are those of the present models, and agree with them about every card of ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from spacegov import yaml12
from spacegov.content import checkout_root, content_path
from spacegov.layers.card import SPACES
from spacegov.schemas import schemas, write_schemas
from spacegov.toolbox.card import APPLICATIONS

SCHEMAS = Path(checkout_root() or ".") / "docs" / "schemas"


def cards() -> list[tuple[str, Path]]:
    layers, tools, sample = (content_path(name) for name in ("layers", "tools", "sample_data"))
    found = [("layer", path) for space in SPACES for path in (layers / space).rglob("*.yaml")]
    found += [("scheme", path) for path in (layers / "schemes").glob("*.yaml")]
    found += [("stewards", layers / "stewards.yaml"), ("workspace", sample / "workspace.yaml")]
    found += [("tool", path) for application in APPLICATIONS for path in (tools / application).glob("*.yaml")]
    found += [("scenario", path) for path in tools.glob("*/scenarios/*.yaml")]
    found += [("policy", path) for path in (tools / "policy").glob("*.yaml")]
    found += [("binding", path) for path in (sample / "layers" / "bindings").glob("*.yaml")]
    found += [("plan", path) for path in (SCHEMAS.parent / "plans").glob("*.yaml")]
    return sorted(found)


def faults(name: str, data: Any) -> list[str]:
    validator = jsonschema.Draft202012Validator(schemas()[name])
    return [error.message for error in validator.iter_errors(data)]


def test_the_schemas_written_down_are_those_of_the_models(tmp_path: Path) -> None:
    for path in write_schemas(tmp_path):
        written = (SCHEMAS / path.name).read_text(encoding="utf-8")
        assert written == path.read_text(encoding="utf-8"), f"{path.name} is old: run python -m spacegov.schemas"
    assert {path.name for path in SCHEMAS.glob("*.json")} == {path.name for path in tmp_path.glob("*.json")}


@pytest.mark.parametrize("name", sorted(schemas()))
def test_a_schema_is_one(name: str) -> None:
    schema = schemas()[name]
    jsonschema.Draft202012Validator.check_schema(schema)
    assert "id" not in schema.get("properties", {})
    assert json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))["title"] == schema["title"]


def test_every_kind_of_card_is_there() -> None:
    assert {name for name, _ in cards()} == set(schemas())


@pytest.mark.parametrize(("name", "path"), cards(), ids=lambda value: value.name if isinstance(value, Path) else value)
def test_a_card_of_ours_agrees_with_its_schema(name: str, path: Path) -> None:
    assert faults(name, yaml12.load(path) or {}) == []


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("layer", {"titel": {"en": "A"}}, "titel"),
        ("layer", {"kind": "Polygon"}, "Polygon"),
        ("binding", {"status": "final"}, "final"),
        ("stewards", {"a": {"title": {"zh": "局"}, "code": "AA"}}, "'en' is a required property"),
        ("tool", {"run": "os:system"}, "os:system"),
        ("plan", {"tasks": [{"took": "map-flood"}]}, "took"),
        ("workspace", {"crs": 4549}, "4549"),
        ("policy", {"columns": {"a": {"type": "text"}}}, "text"),
    ],
)
def test_a_schema_refuses_what_the_model_refuses(name: str, data: dict[str, Any], told: str) -> None:
    assert any(told in fault for fault in faults(name, data))
