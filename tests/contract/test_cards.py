"""Cards: what breaks a model is told with file, line, field and the nearest valid name."""

from pathlib import Path
from textwrap import dedent

import pytest

import spacegov
from spacegov.cards import read_card
from spacegov.errors import BadCard, UnknownName, UnreadableFile, UnsuitableCrs
from spacegov.layers.card import Binding, LayerCard
from spacegov.toolbox.card import ToolCard
from spacegov.workspace import Settings
from tests import trial_tools as _trial_tools  # noqa: F401  the tiny workspace's cards name its functions

LAYER = """\
title: {en: Farmland}
about: Fields.
kind: Polygons
steward: office
sharing: {class: open}
quality: {tier: A}
fields:
  grade: {type: integer, title: {en: Grade}}
  use: {type: code, title: {en: Use}, codes: {0101: {title: {en: Paddy}}, 1: {en: Other}}}
restriction: {theme: farmland, documents: [{title: Law, date: 2020-01-01}]}
"""


def layer_card(tmp_path: Path, text: str) -> LayerCard:
    path = tmp_path / "farmland.yaml"
    path.write_text(text, encoding="utf-8")
    return read_card(path, LayerCard, id="planned.farmland", space="planned")


def test_a_good_card_is_read(tmp_path: Path) -> None:
    card = layer_card(tmp_path, LAYER)
    assert card.sharing.class_ == "open"
    assert list(card.fields["use"].codes or ()) == ["0101", "1"]
    assert card.level == "county"
    assert card.restriction is not None
    assert card.restriction.documents[0].date.isoformat() == "2020-01-01"


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("kind: Polygons", "kid: Polygons", 3, "there is no field 'kid'; did you mean 'kind'"),
        ("kind: Polygons", "kind: Polygon", 3, "'kind' is 'Polygon', needed is 'Polygons', 'Lines'"),
        ("kind: Polygons\n", "", None, "the field 'kind' is missing; add it"),
        ("class: open", "clas: open", 5, "there is no field 'sharing.clas'; did you mean 'class'"),
        ("class: open", "class: secret", 5, "'sharing.class' is 'secret', needed is 'open', 'conditional' or"),
        ("class: open", "class: restricted", 5, "a reason beside every class but open"),
        ("tier: A", "tier: A, tiers: B", 6, "there is no field 'quality.tiers'; did you mean 'tier'"),
        ("type: integer", "type: integer, rang: [1, 2]", 8, "'fields.grade.rang'; did you mean 'range'"),
        ("type: integer", "type: int", 8, "'fields.grade.type' is 'int', needed is"),
        (
            "{title: {en: Paddy}}",
            "{title: {en: Paddy}, color: x}",
            9,
            "'fields.use.codes.0101.color'; did you mean 'colour'",
        ),
        ("1: {en: Other}", "1: {en: 5}", 9, "'fields.use.codes.1.en' is 5, needed is text, in quotes"),
        ("codes: {0101: {title: {en: Paddy}}, 1: {en: Other}}", "unit: m", 9, "a scheme or codes beside type: code"),
        ("date: 2020-01-01", "date: 2020-13-01", 10, "'restriction.documents.0.date' is '2020-13-01'"),
        ("date: 2020-01-01", "dat: 2020-01-01", 10, "'restriction.documents.0.dat'; did you mean 'date'"),
        ("{en: Farmland}", "{zh: 耕地}", 1, "needed is an English text (en)"),
        ("{en: Farmland}", "{en: Farmland, fr: Champs}", 1, "'title.fr'"),
        ("{en: Farmland}", "Farmland", 1, "'title' is 'Farmland', needed is a mapping"),
        ("about: Fields.", "about: 5", 2, "needed is a mapping or text, in quotes"),
        ("about: Fields.", "id: planned.x", 2, "'id' comes from the file's name and folder; remove the field"),
    ],
)
def test_a_fault_is_told_with_file_line_and_field(
    tmp_path: Path, old: str, new: str, line: int | None, told: str
) -> None:
    assert old in LAYER
    with pytest.raises(BadCard) as caught:
        layer_card(tmp_path, LAYER.replace(old, new, 1))
    message = str(caught.value)
    assert message.startswith(str(tmp_path / "farmland.yaml") + (f", line {line}: " if line else ": "))
    assert told in message
    assert "\n" not in message


@pytest.mark.parametrize(("text", "given"), [("", "nothing"), ("- a\n", "list"), ("words\n", "str")])
def test_a_file_that_is_no_mapping(tmp_path: Path, text: str, given: str) -> None:
    with pytest.raises(BadCard, match=f"{given} was given, a mapping of fields is needed"):
        layer_card(tmp_path, text)


def test_a_long_value_is_cut_in_the_message(tmp_path: Path) -> None:
    with pytest.raises(BadCard) as caught:
        layer_card(tmp_path, LAYER.replace("kind: Polygons", f"kind: {'x' * 5000}"))
    assert len(str(caught.value)) < 500 + len(str(tmp_path))


def test_tool_card_names_only_our_functions(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text("title: {en: T}\nquestion: Q?\nrun: os:system\n", encoding="utf-8")
    with pytest.raises(BadCard, match=r"line 3: 'run' is 'os:system'"):
        read_card(path, ToolCard, id="t", application="use")


def test_settings_and_binding(tmp_path: Path) -> None:
    path = tmp_path / "workspace.yaml"
    path.write_text("name: {en: W}\ncrs: EPSG:4549\narea_bases: plane\n", encoding="utf-8")
    with pytest.raises(BadCard, match=r"line 3: there is no field 'area_bases'; did you mean 'area_basis'"):
        read_card(path, Settings)
    path.write_text("{source: store, status: inforce}", encoding="utf-8")
    with pytest.raises(BadCard, match="'status' is 'inforce', needed is 'draft', 'in-force' or 'superseded'"):
        read_card(path, Binding)


def change(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text), encoding="utf-8")


def test_registry_reads_stewards_schemes_and_bindings(tiny_folder: Path) -> None:
    layers = spacegov.open(tiny_folder).layers
    parcels = layers["artificial.trial-parcels"]
    assert layers.stewards["trial-office"].code == "TR"
    assert list(layers.schemes["trial-use"].codes) == ["0101", "0301", "0702"]
    assert parcels.binding == Binding(source="store")
    assert layers.tree()["natural"][0] in layers
    assert layers.find("town plan trial")[0].id == "planned.trial-town"
    assert {layer.id for layer in layers.find("trial", status="not-bound")} == {"planned.trial-unbound"}
    assert {layer.id for layer in layers.find("trial", sharing="conditional")} == {"planned.trial-town"}
    assert "artificial.trial-parcels" in {layer.id for layer in layers.find("parcls")}
    assert "artificial.trial-parcels" in {layer.id for layer in layers.find("试验")}


@pytest.mark.parametrize(
    ("facet", "told"),
    [
        ({"space": "artifical"}, "did you mean 'artificial'"),
        ({"steward": "trial-ofice"}, "did you mean 'trial-office'"),
        ({"status": "drafts"}, "did you mean 'draft'"),
        ({"sharing": "opn"}, "did you mean 'open'"),
    ],
)
def test_unknown_facets_name_the_nearest(tiny_template: Path, facet: dict[str, str], told: str) -> None:
    with pytest.raises(UnknownName, match=told):
        spacegov.open(tiny_template).layers.find("", **facet)


def test_an_unknown_layer_names_the_nearest(tiny_template: Path) -> None:
    with pytest.raises(UnknownName, match=r"did you mean 'artificial\.trial-parcels'"):
        spacegov.open(tiny_template).layers["artificial.trial-parcel"]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("layers/planned/trial-town.yaml", LAYER.replace("office", "trial-ofice"), "did you mean 'trial-office'"),
        (
            "layers/planned/trial-town.yaml",
            LAYER.replace("office", "trial-office").replace("codes: {0101", "scheme: trial-uses, codes: {0101"),
            "did you mean 'trial-use'",
        ),
        ("layers/planned/trial-town.yaml", "", "nothing was given, a mapping of fields is needed"),
        (
            "layers/stewards.yaml",
            "trial-office: {title: {en: A}, cod: X}",
            "there is no field 'cod'; did you mean 'code'",
        ),
        ("layers/stewards.yaml", "[a, b]", "a mapping of departments is needed"),
        (
            "layers/schemes/trial-use.yaml",
            "{title: {en: A}, source: b, version: 1, codes: {}}",
            "needed is text, in quotes",
        ),
        ("layers/bindings/planned.trial-twon.yaml", "source: store", "did you mean 'planned.trial-town'"),
        (
            "layers/bindings/planned.trial-town.yaml",
            "{sorce: store}",
            "there is no field 'sorce'; did you mean 'source'",
        ),
        ("layers/bindings/planned.trial-town.yaml", "- store", "list was given, a mapping of fields is needed"),
    ],
)
def test_bad_cards_of_a_workspace_are_told(tiny_folder: Path, name: str, text: str, told: str) -> None:
    change(tiny_folder, name, text)
    with pytest.raises(BadCard) as caught:
        spacegov.open(tiny_folder).layers.find("")
    assert told in str(caught.value)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_binding_of_defaults_alone(tiny_folder: Path) -> None:
    change(tiny_folder, "layers/bindings/artificial.trial-parcels.yaml", "")
    assert len(spacegov.open(tiny_folder).layers["artificial.trial-parcels"].read()) == 4


@pytest.mark.parametrize(
    ("layers", "told"),
    [
        ("layers: {place: artificial.trial-parcels}", "the input 'place'; did you mean 'places'"),
        ("policy: {rule: trial-rules-1}", "the policy table 'rule'"),
        ("options: {bye: use}", "the option 'bye'; did you mean 'by'"),
        ("vary: {minarea: [1]}", "the option to vary 'minarea'; did you mean 'min_area'"),
    ],
)
def test_a_tool_card_is_held_against_its_function(tiny_folder: Path, layers: str, told: str) -> None:
    text = f"title: {{en: T}}\nquestion: Q?\nrun: spacegov.tools.trial:measure_places\n{layers}\n"
    change(tiny_folder, "tools/use/trial-held.yaml", text)
    with pytest.raises(BadCard, match="trial-held: its card names") as caught:
        _ = spacegov.open(tiny_folder).tools["trial-held"].signature
    assert told in str(caught.value)


def test_a_tool_card_without_its_function(tiny_folder: Path) -> None:
    text = "title: {en: T}\nquestion: Q?\nrun: spacegov.tools.trial:measure_nothing\n"
    change(tiny_folder, "tools/use/trial-held.yaml", text)
    with pytest.raises(BadCard, match="which cannot be found"):
        _ = spacegov.open(tiny_folder).tools["trial-held"].function


def test_a_tool_id_given_twice_is_refused(tiny_folder: Path) -> None:
    change(
        tiny_folder, "tools/use/trial-measure.yaml", (tiny_folder / "tools/foundation/trial-measure.yaml").read_text()
    )
    with pytest.raises(BadCard, match="the tool 'trial-measure' stands in"):
        spacegov.open(tiny_folder).tools.find("")


def test_a_workspace_in_degrees_or_without_a_crs_is_refused_when_layers_are_read(tiny_folder: Path) -> None:
    for crs, told in (("EPSG:4326", "in degrees"), ("EPSG:4549x", "names no CRS")):
        change(tiny_folder, "workspace.yaml", f"name: {{en: W}}\ncrs: {crs}\n")
        with pytest.raises(UnsuitableCrs, match=told) as caught:
            spacegov.open(tiny_folder).layers["artificial.trial-parcels"].read()
        assert "workspace.yaml" in str(caught.value)


def test_a_folder_that_is_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="there is no such folder"):
        spacegov.open(tmp_path / "absent")
    with pytest.raises(UnreadableFile, match=r"has no workspace\.yaml"):
        spacegov.open(tmp_path)


def test_search_gives_a_table(tiny_template: Path) -> None:
    table = spacegov.open(tiny_template).layers.search("trial")
    assert table.index.name == "id"
    assert table.loc["planned.trial-town", "coverage"] == "partial"
    assert table.loc["planned.trial-unbound", "status"] == "not-bound"
