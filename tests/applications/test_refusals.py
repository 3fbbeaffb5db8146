"""A card that does not fit what it names is refused with file, line and the nearest name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import spacegov
from spacegov.errors import BadCard, BadInput, UnknownName

PARCELS, TERRAIN = "artificial.trial-parcels", "natural.trial-terrain"
MEASURING = "tool: trial-measure"
MEASURE = "  - {id: measure, department: NR, title: {en: M}, days: 1, tool: trial-measure}\n"


def refused(path: Path) -> str:
    """Give the sentence with which the scenario of a card is refused; its file is named in it."""
    workspace = spacegov.open(path.parents[3])
    with pytest.raises(BadCard) as caught:
        workspace.scenario(path.stem)
    told = str(caught.value)
    assert told.startswith((f"{path}, line ", f"{path}: "))
    return told.removeprefix(f"{path}, ").removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("tool: trial-measur", "line 5: there is no tool 'trial-measur'; did you mean 'trial-measure'"),
        (f"{MEASURING}, inputs: {{place: {PARCELS}}}", "line 5: trial-measure has no input 'place'"),
        (f"{MEASURING}, inputs: {{places: artificial.trial-parcel}}", f"did you mean '{PARCELS}'"),
        (f"{MEASURING}, inputs: {{places: mesure}}", "no layer and no step 'mesure'; did you mean 'measure'"),
        (f"{MEASURING}, inputs: {{places: measure.place}}", "has no frame 'place'; did you mean 'places'"),
        (f"{MEASURING}, inputs: {{places: measure.totals}}", "is a table, the input 'places' takes Polygons"),
        (f"{MEASURING}, inputs: {{places: {TERRAIN}}}", "is a raster, the input 'places' takes Polygons"),
        ("tool: trial-raise, inputs: {terrain: measure}", "is features, the input 'terrain' takes Raster"),
        (f"tool: trial-raise, inputs: {{terrain: {{from: {TERRAIN}, where: a = 1}}}}", "remove where and rename"),
        (f"tool: trial-raise, inputs: {{terrain: [{TERRAIN}, {TERRAIN}]}}", "takes one layer"),
        (f"{MEASURING}, options: {{min_aera: 1}}", "has no option 'min_aera'; did you mean 'min_area'"),
        ("tool: trial-rules, policy: {rules: trial-rules-2}", "no rule table 'trial-rules-2'; did you mean 'trial-r"),
        ("tool: trial-rules, policy: {rule: trial-rules-1}", "has no rule table 'rule'; did you mean 'rules'"),
        (f"{MEASURING}, after: [mesure]", "there is no step 'mesure'; did you mean 'measure'"),
        (f"{MEASURING}, inputs: {{places: decide}}", "the step 'decide' has no tool, so it answers nothing"),
        ("tol: trial-measure", "there is no field 'steps.1.tol'; did you mean 'tool'"),
        ("days: 0", "the key 'days' is given twice"),
        ("options: {by: use}", "a step with a tool, a decision, or both"),
    ],
)
def test_a_name_that_does_not_exist(write_card: Callable[..., Path], step: str, told: str) -> None:
    decide = "  - {id: decide, department: NR, title: {en: D}, days: 1, decision: {asked: {en: A?}}}\n"
    text = MEASURE + (decide if "decide}" in step else "")
    text += f"  - {{id: second, department: NR, title: {{en: S}}, days: 1, {step}}}\n"
    assert told in refused(write_card(text))


def test_a_department_that_does_not_exist(write_card: Callable[..., Path]) -> None:
    assert "line 4: there is no department 'NX'; valid names are" in refused(write_card(MEASURE.replace("NR", "NX")))


def test_a_step_that_stands_twice(write_card: Callable[..., Path]) -> None:
    assert "line 5: the step 'measure' stands twice" in refused(write_card(MEASURE + MEASURE))


def test_a_scenario_called_like_a_tool(write_card: Callable[..., Path]) -> None:
    told = refused(write_card(MEASURE, name="trial-measure"))
    assert told == "a tool is called 'trial-measure' already; give the scenario's file another name"


def test_steps_in_a_circle(write_card: Callable[..., Path]) -> None:
    first = MEASURE.replace(MEASURING, f"{MEASURING}, inputs: {{places: second}}")
    second = first.replace("id: measure", "id: second").replace("places: second", "places: measure")
    text = first + second
    told = refused(write_card(text))
    assert "wait for each other" in told
    assert "measure" in told
    assert "second" in told


def test_a_step_that_uses_what_stands_below_it(write_card: Callable[..., Path]) -> None:
    text = "  - {id: first, department: NR, title: {en: S}, days: 1, tool: trial-measure, inputs: {places: measure}}\n"
    assert "line 4: the step 'first' needs 'measure', which stands below it" in refused(write_card(text + MEASURE))


def test_a_scenario_without_a_question(write_card: Callable[..., Path]) -> None:
    text = "  - {id: decide, department: NR, title: {en: D}, days: 1, decision: {asked: {en: A?}}}\n"
    assert "no step names a tool" in refused(write_card(text))


def test_what_is_shown_must_be_a_step_with_a_tool(write_card: Callable[..., Path]) -> None:
    assert "no step with a tool 'mesure'" in refused(write_card(MEASURE, rest="shows: mesure\n"))
    assert "no step with a tool 'mesure'" in refused(write_card(MEASURE, rest="draws: [measure, mesure]\n"))


def test_lines_are_no_polygons(county: spacegov.workspace.Workspace) -> None:
    from spacegov.applications.checking import check_scenario

    card = county.scenarios["plan-conflict-round"]
    step = card.steps[0].model_copy(update={"inputs": {"scope": "artificial.roads"}})
    with pytest.raises(BadCard, match=r"artificial\.roads is lines, the input 'scope' takes Polygons"):
        check_scenario(county, card.model_copy(update={"steps": (step, *card.steps[1:])}), "card")


def test_what_is_given_must_fit_a_step(county: spacegov.workspace.Workspace) -> None:
    with pytest.raises(BadInput, match=r"write STEP\.NAME=VALUE"):
        county.scenario("sky-patrol", min_area=3)
    with pytest.raises(UnknownName, match="did you mean 'detect'"):
        county.scenario("sky-patrol", **{"detct.min_area": 3})
    with pytest.raises(UnknownName, match="did you mean 'min_area'"):
        county.scenario("sky-patrol", **{"detect.min_aera": 3})
    with pytest.raises(UnknownName, match="did you mean 'sky-patrol'"):
        county.scenario("sky-patrl")
