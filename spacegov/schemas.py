"""JSON Schemas of the cards, for editors that check YAML while it is written.

`python -m spacegov.schemas DIR` writes them; those of the present models lie in `docs/schemas`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel, RootModel

from spacegov.applications.scenario import ScenarioCard
from spacegov.batch.plan import Plan
from spacegov.cards import json_schema
from spacegov.layers.card import Binding, LayerCard, Scheme, Steward
from spacegov.toolbox.card import PolicyCard, ToolCard
from spacegov.workspace import Settings


class Stewards(RootModel[dict[str, Steward]]):
    """The departments by key, as `layers/stewards.yaml` lists them."""


CARDS: dict[str, tuple[type[BaseModel], str]] = {
    "layer": (LayerCard, "Layer card: layers/<space>/<name>.yaml"),
    "scheme": (Scheme, "Code scheme: layers/schemes/<name>.yaml"),
    "stewards": (Stewards, "Departments: layers/stewards.yaml"),
    "binding": (Binding, "Binding of a layer: layers/bindings/<layer-id>.yaml of a workspace"),
    "tool": (ToolCard, "Tool card: tools/<application>/<tool-id>.yaml"),
    "scenario": (ScenarioCard, "Scenario card: tools/<application>/scenarios/<id>.yaml"),
    "policy": (PolicyCard, "Policy table: tools/policy/<name>-<version>.yaml"),
    "plan": (Plan, "Plan of a batch: any .yaml"),
    "workspace": (Settings, "Settings of a workspace: workspace.yaml"),
}


def schemas() -> dict[str, dict[str, Any]]:
    """Give the JSON Schema of every kind of card by name.

    Examples
    --------
    >>> sorted(schemas())
    ['binding', 'layer', 'plan', 'policy', 'scenario', 'scheme', 'stewards', 'tool', 'workspace']
    """
    return {name: json_schema(model, title) for name, (model, title) in CARDS.items()}


def write_schemas(folder: Path) -> list[Path]:
    """Write every schema as `<name>.json`; a file that says the same is left alone.

    Parameters
    ----------
    folder : Path
        Where; it is made if need be.

    Returns
    -------
    list of Path
        The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, schema in schemas().items():
        path = folder / f"{name}.json"
        text = json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
        files.append(path)
    return files


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/schemas"))
