"""Every card of ours: it reads, fits its function, has its words, and its worked example comes out."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from functools import cache
from typing import Any

import pytest

import spacegov
import spacegov.tools
from spacegov.checks import checked
from spacegov.content import content_path
from spacegov.layers.card import SPACES
from spacegov.text import LANGUAGES
from spacegov.toolbox import policy_names, read_policy
from spacegov.toolbox.card import APPLICATIONS
from spacegov.toolbox.policy import read_policy_card
from spacegov.toolbox.result import Result
from spacegov.toolbox.run import run
from spacegov.workspace import Workspace

LAYERS, TOOLS = content_path("layers"), content_path("tools")
TOOL_IDS = sorted(path.stem for application in APPLICATIONS for path in (TOOLS / application).glob("*.yaml"))
LAYER_IDS = sorted(
    ".".join([space, *path.relative_to(LAYERS / space).with_suffix("").parts])
    for space in SPACES
    for path in (LAYERS / space).rglob("*.yaml")
)
SCHEMES = sorted(path.stem for path in (LAYERS / "schemes").glob("*.yaml"))
POLICIES = sorted(policy_names())
NAMED = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@cache
def sample() -> Workspace:
    """The sample county."""
    return spacegov.open(content_path("sample_data"))


@cache
def example(name: str) -> Result:
    """The worked example of a tool, run once; without one, the question as the card puts it."""
    worked = sample().tools[name].card.example
    return run(sample(), name, {} if worked is None else worked.given, keep=False)


def in_three_languages(text: Any, what: str) -> None:
    assert isinstance(text, dict), f"{what}: {text!r} stands in one language"
    missing = [language for language in LANGUAGES if not text.get(language)]
    assert not missing, f"{what}: no text in {', '.join(missing)}"


def test_there_are_cards() -> None:
    """Keep the tests below from passing because nothing is there."""
    assert len(TOOL_IDS) >= 9
    assert len(LAYER_IDS) >= 20
    assert {name.partition(".")[0] for name in LAYER_IDS} == set(SPACES)
    assert len(POLICIES) >= 9
    assert len(SCHEMES) >= 2


def test_folders_hold_nothing_that_is_not_read() -> None:
    known = {*APPLICATIONS, "policy", "demo.yaml"}
    assert {path.name for path in TOOLS.iterdir()} <= known
    assert {path.name for path in LAYERS.iterdir()} <= {*SPACES, "schemes", "stewards.yaml"}


# ---- tools


@pytest.mark.parametrize("name", TOOL_IDS)
def test_a_tool_card_fits_its_function(name: str) -> None:
    tool = sample().tools[name]
    signature = tool.signature
    assert NAMED.fullmatch(name)
    assert tool.function.__name__ == name.replace("-", "_"), f"{name}: the function has another name than the card"
    assert inspect.unwrap(tool.function) is not tool.function, f"{name}: the function is not @checked"
    assert tool.card.run.startswith(f"spacegov.tools.{tool.card.application}.")
    for role, given in signature.inputs.items():
        if not given.optional and given.kind.form != "layers":
            assert role in tool.card.layers, f"{name}: the card gives no layer for {role}"
    for policy, (_, optional) in signature.policies.items():
        assert optional or policy in tool.card.policy, f"{name}: the card names no table for {policy}"
    for option, field in signature.options.model_fields.items():
        if field.is_required():
            assert option in tool.card.options, f"{name}: the card gives no {option}"
    assert signature.parse({**_needed(signature), **tool.card.options})
    for option, values in tool.card.vary.items():
        for value in values:
            signature.parse({**_needed(signature), **tool.card.options, option: value})


def _needed(signature: Any) -> dict[str, Any]:
    return {name: "" for name, field in signature.options.model_fields.items() if field.is_required()}


@pytest.mark.parametrize("name", TOOL_IDS)
def test_a_tool_has_its_words(name: str) -> None:
    tool = sample().tools[name]
    in_three_languages(tool.card.title, f"{name} title")
    in_three_languages(tool.card.question, f"{name} question")
    in_three_languages(tool.card.answer, f"{name} answer")
    for column, spec in tool.card.columns.items():
        in_three_languages(spec.title, f"{name} column {column}")
        for code, title in (spec.codes or {}).items():
            in_three_languages(title, f"{name} column {column} code {code}")
    doc = inspect.getdoc(tool.function) or ""
    # What a tool rests on stands in its docstring or among the standards its card cites.
    sections = ("Parameters", "Returns", "Raises", "Notes", "Examples", *(() if tool.card.cites else ("References",)))
    for section in sections:
        assert re.search(rf"^{section}\n-+$", doc, re.MULTILINE), f"{name}: its docstring has no {section}"
    meanings = [given.meaning for given in tool.signature.inputs.values()]
    assert all(meanings), f"{name}: an input is not described in the docstring"
    for option, field in tool.signature.options.model_fields.items():
        assert field.description, f"{name}: the option {option} is not described in the docstring"


@pytest.mark.parametrize("name", TOOL_IDS)
def test_what_a_tool_card_names_exists(name: str) -> None:
    card = sample().tools[name].card
    for role, layers in card.layers.items():
        for layer in [layers] if isinstance(layers, str) else layers:
            assert layer in sample().layers, f"{name}: {role} names {layer}, which is no layer"
            assert sample().layers[layer].bound, f"{name}: the sample county has no data for {layer}"
    for policy in card.policy.values():
        assert policy in POLICIES, f"{name}: there is no policy table {policy}"


@pytest.mark.parametrize("name", TOOL_IDS)
def test_the_example_of_a_tool_comes_out(name: str) -> None:
    worked = sample().tools[name].card.example
    assert worked is not None, f"{name}: its card has no example"
    result, expect = example(name), dict(worked.expect)
    assert expect, f"{name}: its example expects nothing"
    for frame, figures in expect.pop("frames", {}).items():
        assert frame in result.frames, f"{name}: there is no frame {frame}"
        found = result.summary.get("frames", {frame: result.summary})[frame]
        for key, value in figures.items():
            assert found[key] == pytest.approx(value, rel=1e-6), f"{name}: {key} of {frame}"
    for key, value in expect.items():
        assert key in result.summary, f"{name}: the summary has no {key}"
        wanted = pytest.approx(value, rel=1e-6) if isinstance(value, (int, float)) else value
        assert result.summary[key] == wanted, f"{name}: {key}"


@pytest.mark.parametrize("name", TOOL_IDS)
def test_every_column_of_an_answer_has_a_title_and_codes_are_words(name: str) -> None:
    result = example(name)
    columns = result.columns
    seen: set[str] = set()
    for frame in result.frames.values():
        if not hasattr(frame, "columns"):
            continue
        geometry = getattr(frame, "_geometry_column_name", None)
        names = {str(column) for column in frame.columns if column != geometry}
        seen |= names
        untitled = names - set(columns)
        assert not untitled, f"{name}: no title for {', '.join(sorted(untitled))}"
        for column in names:
            codes = columns[column].codes
            if codes is not None:
                values = set(frame[column].dropna().astype(str))
                assert values <= set(codes), f"{name}: no word for {sorted(values - set(codes))} of {column}"
            if column.endswith("_m2"):
                assert columns[column].unit == "m²", f"{name}: {column} has no unit"
    shown = result.tool.card.show
    for column in (shown.colour_by, shown.label, *shown.sum_by):
        if column is not None and hasattr(result.frame, "columns"):
            assert column in result.frame.columns, f"{name}: show names {column}, which the answer lacks"
    assert shown.frame is None or shown.frame in result.frames


@pytest.mark.parametrize("name", TOOL_IDS)
def test_an_answer_reads_in_three_languages(name: str) -> None:
    result = example(name)
    for language in LANGUAGES:
        sentence = result.answer(language)
        assert "{" not in sentence
        assert "None" not in sentence
        assert "nan" not in sentence.lower().split()
        assert len(sentence) > 5
    assert "\n" not in result.answer("en")


def public_functions() -> dict[str, Any]:
    """Every function that a family of tools exports."""
    found = {}
    for application in APPLICATIONS:
        module = importlib.import_module(f"spacegov.tools.{application}")
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            if inspect.isfunction(value):
                found[f"{application}.{name}"] = value
    return found


def test_every_public_function_has_a_card_and_every_card_a_public_function() -> None:
    functions = public_functions()
    cards = {f"{sample().tools[name].card.application}.{name.replace('-', '_')}" for name in TOOL_IDS}
    assert set(functions) == cards
    for name, function in functions.items():
        card = sample().tools[name.partition(".")[2].replace("_", "-")]
        assert card.function is function


def test_every_checked_function_is_exported() -> None:
    mark = checked(lambda: None).__qualname__, "partition"
    found = set()
    for info in pkgutil.walk_packages(spacegov.tools.__path__, "spacegov.tools."):
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            if inspect.isfunction(value) and hasattr(value, mark[1]) and value.__module__ == info.name:
                found.add(f"{info.name.split('.')[2]}.{name}")
    assert found == set(public_functions())


# ---- layers, schemes, departments


@pytest.mark.parametrize("name", LAYER_IDS)
def test_a_layer_card_reads_and_has_its_words(name: str) -> None:
    layers = sample().layers
    card = layers.card(name)
    assert all(NAMED.fullmatch(part) for part in name.split("."))
    in_three_languages(card.title, f"{name} title")
    for field, spec in card.fields.items():
        in_three_languages(spec.title, f"{name} field {field}")
        for code, title in (spec.codes or {}).items():
            in_three_languages(title if isinstance(title, dict) else title.title, f"{name} {field} code {code}")
    assert card.sharing.class_ == "open" or card.sharing.reason
    if "colour_by" in card.style:
        assert card.style["colour_by"] in card.fields, (
            f"{name}: style names {card.style['colour_by']}, which is no field"
        )


@pytest.mark.parametrize("name", LAYER_IDS)
def test_the_data_of_a_layer_have_the_fields_of_its_card(name: str) -> None:
    layer = sample().layers[name]
    if not layer.bound:
        pytest.skip("the sample county has no data for this layer")
    data = layer.read()
    if layer.card.kind == "Raster":
        assert data.crs is not None
        assert set(layer.card.fields) <= {"value"}
        return
    missing = {field for field in layer.card.fields if field not in data.columns}
    assert not missing, f"{name}: no column {', '.join(sorted(missing))}"
    extra = {str(column) for column in data.columns if column not in layer.card.fields} - {"geometry"}
    assert not extra, f"{name}: the card does not describe {', '.join(sorted(extra))}"
    assert len(data) > 0


@pytest.mark.parametrize("name", SCHEMES)
def test_a_scheme_has_its_words(name: str) -> None:
    scheme = sample().layers.schemes[name]
    in_three_languages(scheme.title, f"{name} title")
    for code, spec in scheme.codes.items():
        in_three_languages(spec.title, f"{name} code {code}")
    assert scheme.source
    assert scheme.version


def test_departments_have_their_words_and_codes_of_their_own() -> None:
    stewards = sample().layers.stewards
    for name, steward in stewards.items():
        in_three_languages(steward.title, f"department {name}")
    codes = [steward.code for steward in stewards.values()]
    assert len(codes) == len(set(codes))
    assert all(re.fullmatch(r"[A-Z]{2}", code) for code in codes)


# ---- policy tables


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_table_reads_and_says_where_it_comes_from(name: str) -> None:
    table = read_policy(name)
    card = read_policy_card(policy_names()[name])
    in_three_languages(card.title, f"{name} title")
    assert card.source
    assert name.endswith(f"-{card.version}"), f"{name}: the file does not end with the version {card.version}"
    assert len(table) > 0
    for column, spec in card.columns.items():
        in_three_languages(spec.title, f"{name} column {column}")
    if card.valid_from and card.valid_to:
        assert card.valid_from <= card.valid_to


def test_every_policy_table_is_used_by_a_tool() -> None:
    """A table that no card names is an alternative of one that is: it has the same columns."""
    used = {policy for name in TOOL_IDS for policy in sample().tools[name].card.policy.values()}
    shapes = {tuple(read_policy(name).columns) for name in used}
    idle = [name for name in POLICIES if name not in used and tuple(read_policy(name).columns) not in shapes]
    assert not idle, f"no tool can use {', '.join(idle)}"


def test_nothing_of_ours_names_a_machine() -> None:
    for folder in (LAYERS, TOOLS):
        for path in folder.rglob("*.yaml"):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"/(work|home|tmp|root)/", text), f"{path}: it names a path of one machine"
