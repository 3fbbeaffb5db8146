"""A workspace: a folder with settings, cards and bindings, data, runs and records."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field

from spacegov.cards import Card, read_card
from spacegov.catalogue import state_folder
from spacegov.content import content_path
from spacegov.errors import UnreadableFile
from spacegov.kinds import AreaBasis
from spacegov.text import Language, Text, say

if TYPE_CHECKING:
    from spacegov.applications.catalogue import Scenarios
    from spacegov.applications.runner import ScenarioOutcome
    from spacegov.layers.index import RestrictionIndex
    from spacegov.layers.registry import Registry
    from spacegov.layers.store import Store
    from spacegov.toolbox.result import Result
    from spacegov.toolbox.toolbox import Toolbox

SETTINGS = "workspace.yaml"


class Settings(Card):
    """What `workspace.yaml` says.

    Attributes
    ----------
    name : Text
        The territory.
    crs : str
        The analysis CRS, projected and in metres; every layer is brought to it.
    area_basis : {"plane", "ellipsoid"}
        How areas are measured; registered areas of Chinese authorities are ellipsoidal.
    units : dict
        Layer id of the administrative units by level (`county`, `township`, `village`); the first is the territory.
    language : {"en", "zh", "ru"}
        Of answers and maps.
    background : dict
        Layers drawn below every map: `relief`, `water`, `roads`.
    working_days : list of int
        Days of the week (1 Monday to 7 Sunday) that count as working days.
    """

    name: Text
    crs: str
    area_basis: AreaBasis = "plane"
    units: dict[str, str] = Field(default={})
    language: Language = "en"
    background: dict[str, str | list[str]] = Field(default={})
    working_days: list[int] = Field(default=[1, 2, 3, 4, 5])
    about: Text | str | None = None


class Workspace:
    """A workspace.

    Open one with `spacegov.open()`.

    Attributes
    ----------
    directory : Path
        Its folder.
    settings : Settings
        What `workspace.yaml` says.
    layers : Registry
        Every layer that is known.
    tools : Toolbox
        Every tool.
    scenarios : Scenarios
        The cards of every scenario.
    kept : Path or None
        Where runs are kept, if not at the place that `runs` finds.
    """

    def __init__(self, directory: Path, settings: Settings, kept: Path | None = None) -> None:
        self.directory = directory
        self.settings = settings
        self.kept = kept

    @classmethod
    def open(cls, directory: str | Path | None = None, *, kept: Path | None = None) -> Self:
        """Open a workspace; see `spacegov.open`. Runs go to the folder `kept`, if one is given."""
        folder = find_workspace(directory)
        return cls(folder, read_card(folder / SETTINGS, Settings), kept)

    @cached_property
    def crs(self) -> str:
        """The analysis CRS.

        Raises
        ------
        UnsuitableCrs
            The settings name none that is projected and in metres.
        """
        from pyproj import CRS
        from pyproj.exceptions import CRSError

        from spacegov.crs import check_crs
        from spacegov.errors import UnsuitableCrs

        place = f"{self.directory / SETTINGS}"
        try:
            crs = CRS.from_user_input(self.settings.crs)
        except CRSError:
            raise UnsuitableCrs(f"{place}: {self.settings.crs!r} names no CRS; write it as EPSG:4549") from None
        check_crs(place, crs)
        return self.settings.crs

    @cached_property
    def layers(self) -> Registry:
        """The registry of layers."""
        from spacegov.layers.registry import Registry

        return Registry(self)

    @cached_property
    def tools(self) -> Toolbox:
        """The toolbox."""
        from spacegov.toolbox.toolbox import Toolbox

        return Toolbox(self.directory)

    @cached_property
    def scenarios(self) -> Scenarios:
        """The cards of every scenario."""
        from spacegov.applications.catalogue import Scenarios

        return Scenarios(self)

    @cached_property
    def store(self) -> Store:
        """The workspace's own data."""
        from spacegov.layers.store import Store

        return Store(self.directory / "data")

    @cached_property
    def restriction_index(self) -> RestrictionIndex:
        """Which units of which polygon layers touch a geometry."""
        from spacegov.layers.index import RestrictionIndex

        return RestrictionIndex(self)

    def forget(self) -> None:
        """Read cards and bindings anew when they are next asked for."""
        for name in ("layers", "scenarios", "territory"):
            self.__dict__.pop(name, None)

    @property
    def title(self) -> str:
        """The territory's name in the workspace's language."""
        return say(self.settings.name, self.settings.language)

    @property
    def runs(self) -> Path:
        """Where runs are kept: in the workspace, or in the user's own folder where that may not be written to."""
        if self.kept is not None:
            return self.kept
        sample = self.directory == content_path("sample_data")
        if sample or not os.access(self.directory, os.W_OK):
            return state_folder() / self.directory.name / "runs"
        return self.directory / "runs"

    @cached_property
    def territory(self) -> Any:
        """The administrative boundary of the workspace as a frame, None where no units are named."""
        for name in self.settings.units.values():
            if name in self.layers and self.layers[name].bound:
                return self.layers[name].read()
        return None

    def inside(self, relative: str) -> Path:
        """Resolve a path of a binding, which is relative to the workspace unless it is absolute."""
        return self.directory / relative

    def run(self, tool: str, **given: Any) -> Result:
        """Ask a question.

        Parameters
        ----------
        tool : str
            Tool id, such as `detect-plan-conflict`.
        **given
            Inputs: layer ids, files, frames or rasters, by the tool's input names; options by their names. What is not
            given comes from the tool's card.

        Returns
        -------
        Result

        Raises
        ------
        BadInput
            One of its kinds; the message says how to mend it.
        """
        from spacegov.toolbox.run import run

        return run(self, tool, given)

    def scenario(self, name: str, *, out: str | Path | None = None, **given: Any) -> ScenarioOutcome:
        """Run a scenario unattended: computing steps in order, decisions left as proposals.

        Parameters
        ----------
        name : str
            Scenario id, such as `plan-conflict-round`.
        out : path, optional
            Folder to write layers, tables, map and report to.
        **given
            Inputs and options by `step.name`, which take the place of the card's; a name with a dot is given as
            `**{"review.site": "site.gpkg"}`.

        Returns
        -------
        ScenarioOutcome

        Raises
        ------
        BadInput
            One of its kinds; a step that fails is told in the outcome, the others go on.
        """
        from spacegov.applications.runner import run_scenario

        return run_scenario(self, name, given, out=None if out is None else Path(out))

    def __repr__(self) -> str:
        counts = {space: len(names) for space, names in self.layers.tree().items()}
        shown = ", ".join(f"{count} {space}" for space, count in counts.items())
        return f"<Workspace {self.title}: {shown} layers, {len(self.tools)} tools, {self.settings.crs}>"

    def _repr_html_(self) -> str:
        from spacegov.toolbox.html import workspace_html

        return workspace_html(self)


def find_workspace(directory: str | Path | None = None) -> Path:
    """Find a workspace's folder.

    Parameters
    ----------
    directory : path, optional
        The folder itself. Without it, the nearest one upwards that holds `workspace.yaml`, else the sample county.

    Raises
    ------
    UnreadableFile
        The folder given is no workspace.
    """
    if directory is not None:
        folder = Path(directory).expanduser().resolve()
        if not folder.is_dir():
            raise UnreadableFile(f"{directory}: there is no such folder; make a workspace with spacegov new DIR")
        if not (folder / SETTINGS).is_file():
            raise UnreadableFile(
                f"{directory}: the folder has no {SETTINGS}, so it is no workspace; make one with spacegov new DIR"
            )
        return folder
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / SETTINGS).is_file():
            return folder
    return content_path("sample_data")
