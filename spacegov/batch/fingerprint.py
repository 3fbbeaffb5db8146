"""The hash of all that decides a part's answer, known before it is asked: a part with the same hash is kept."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.batch.checking import placed
from spacegov.layers import files
from spacegov.toolbox.answers import is_answer
from spacegov.toolbox.hashes import hash_path, hash_value

if TYPE_CHECKING:
    from spacegov.batch.parts import Part
    from spacegov.toolbox.tool import Tool
    from spacegov.workspace import Workspace

_FORMAT = 1
"""Raised when parts are written in another way."""


@functools.cache
def software() -> dict[str, str]:
    """Name the version that answers, and the sha256 of its source, which tells a checkout that was edited."""
    from importlib.metadata import version

    import spacegov

    root = Path(spacegov.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(f"{path.relative_to(root)} ".encode())
        digest.update(path.read_bytes())
    return {"version": version("spacegov"), "source": digest.hexdigest()}


class Fingerprints:
    """Hashes of parts; what several parts read is hashed once.

    Parameters
    ----------
    workspace : Workspace
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._layers: dict[str, Any] = {}
        self._tasks: dict[str, Any] = {}

    def key(self, part: Part, zone: str) -> str:
        """Give the hash of a part.

        Parameters
        ----------
        part : Part
        zone : str
            The hash of what is taken: the zone's shape, or all zones where they are told from each other.
        """
        task = json.dumps([part.task, part.tool, part.scenario, part.given], sort_keys=True, default=str)
        if task not in self._tasks:
            self._tasks[task] = self._of_scenario(part) if part.scenario is not None else self._of_tool(part)
        settings = self.workspace.settings
        decisive = {
            "format": _FORMAT,
            "software": software(),
            "settings": [settings.crs, settings.area_basis, settings.units],
            "asked": [part.task, part.tool, part.scenario, part.given],
            "take": [part.take, part.halo, part.position, part.zone, part.zone_name, zone],
            "language": part.language,
            "reads": self._tasks[task],
        }
        return hashlib.sha256(json.dumps(decisive, sort_keys=True, default=str).encode()).hexdigest()

    def _of_tool(self, part: Part) -> Any:
        tool = self.workspace.tools[str(part.tool)]
        return self._tool(tool, placed(tool.signature, part.given, part.base))

    def _tool(self, tool: Tool, given: Mapping[str, Any]) -> Any:
        from spacegov.toolbox.policy import read_policy

        read = []
        for role, spec in tool.signature.inputs.items():
            named = given.get(role, tool.card.layers.get(role))
            if named is None and spec.kind.form == "layers":
                named = list(self._bound())
            read.append([role, self._named(named)])
        rules = []
        for name in tool.signature.policies:
            table = given.get(name, tool.card.policy.get(name))
            if isinstance(table, str):
                rules.append([name, table, hash_value(read_policy(table, self.workspace.tools.policy_folders))])
        return {"card": tool.card.model_dump(mode="json"), "inputs": read, "rules": rules}

    def _of_scenario(self, part: Part) -> Any:
        card = self.workspace.scenarios[str(part.scenario)]
        steps = []
        for step in card.steps:
            if step.tool is None:
                continue
            tool = self.workspace.tools[step.tool]
            layers = [item.source for _, _, item in step.sources() if card.step_of(item.source) is None]
            own = {
                key.partition(".")[2]: value for key, value in part.given.items() if key.partition(".")[0] == step.id
            }
            given = {**step.policy, **step.options, **placed(tool.signature, own, part.base)}
            steps.append([self._tool(tool, given), self._named(layers)])
        return {"card": card.model_dump(mode="json"), "steps": steps}

    def _bound(self) -> Iterable[str]:
        return (name for name in self.workspace.layers if self.workspace.layers.binding(name) is not None)

    def _named(self, named: Any) -> Any:
        """Hash what an input names: a layer, a file, an answer (which may rest on any layer), or several."""
        if isinstance(named, (list, tuple)):
            return [self._named(item) for item in named]
        if not isinstance(named, str):
            return named
        if named not in self._layers:
            self._layers[named] = self._hash(named)
        return self._layers[named]

    def _hash(self, named: str) -> Any:
        if is_answer(named):
            return [named, [self._named(name) for name in self._bound()]]
        if not files.exists(named) and "," in named:
            return [self._named(item.strip()) for item in named.split(",")]
        if files.looks_like_file(named):
            path = files.split_source(named)[0]
            return [named, hash_path(path) if path.exists() else None]
        if named not in self.workspace.layers or not self.workspace.layers[named].bound:
            return [named, None]
        layer = self.workspace.layers[named]
        card = layer.card.model_dump(mode="json")
        binding = None if layer.binding is None else layer.binding.model_dump(mode="json")
        return [named, layer.version, layer.sha256, layer.coverage_hash, card, binding]
