"""Cards and data agree: every bound layer has a card, its columns are the card's, faults are only those planted."""

import numpy as np
import pandas as pd
import pytest
import shapely

import spacegov
from tests.synthetic.conftest import SAMPLE


@pytest.fixture(scope="module")
def workspace():
    return spacegov.open(SAMPLE)


def test_at_least_sixty_layers_and_eighteen_in_each_space(workspace):
    bound = [name for name in workspace.layers if workspace.layers[name].bound]
    assert len(bound) >= 60
    for space in ("natural", "artificial", "planned"):
        assert sum(name.startswith(space) for name in bound) >= 18


def test_all_three_sharing_classes_and_tiers_occur(workspace):
    cards = [workspace.layers[name].card for name in workspace.layers]
    assert {card.sharing.class_ for card in cards} == {"open", "conditional", "restricted"}
    assert {card.quality.tier for card in cards} == {"A", "B", "C"}
    assert all({"en", "zh", "ru"} <= set(card.title) for card in cards)
    assert all({"en", "zh", "ru"} <= set(field.title) for card in cards for field in card.fields.values())


def test_real_gaps_in_coverage(workspace):
    county = workspace.layers["artificial.county"].read().geometry.iloc[0]
    partly = {
        name: workspace.layers[name].coverage
        for name in workspace.layers
        if workspace.layers[name].coverage is not None
    }
    assert {"planned.village-plan", "natural.geohazard-points", "natural.flood-hazard"} <= set(partly)
    for coverage in partly.values():
        assert 0.001 < coverage.geometry.area.sum() / county.area < 0.95
    townships = workspace.layers["artificial.townships"].read().set_index("township_id").geometry
    plan = workspace.layers["planned.village-plan"].coverage.geometry.iloc[0]
    for name in townships.index:
        share = townships[name].intersection(plan).area / townships[name].area
        assert share == pytest.approx(0.0 if name in ("LH02", "LH03") else 1.0, abs=1e-6)


def test_columns_codes_and_ranges_keep_the_cards_but_for_planted_faults(workspace, truth):
    planted = {}
    for row in truth["attribute_faults"]["records"]:
        planted.setdefault((row["layer"], row["field"]), []).append(row["record"])
    found = {}
    for name in workspace.layers:
        handle = workspace.layers[name]
        if not handle.bound or handle.card.kind == "Raster":
            continue
        frame = handle.read()
        assert {c for c in frame.columns if c != "geometry"} == set(handle.card.fields), name
        for field, card in handle.card.fields.items():
            values = frame[field]
            bad = np.zeros(len(frame), dtype=bool)
            if card.type == "code":
                allowed = set(card.codes) if card.codes else set(workspace.layers.schemes[card.scheme].codes)
                bad |= (values.notna() & ~values.astype(str).isin(allowed)).to_numpy()
            if card.range is not None and pd.api.types.is_numeric_dtype(values):
                bad |= ((values < card.range[0]) | (values > card.range[1])).to_numpy()
            if card.unique:
                bad |= values.duplicated().to_numpy()
            if card.required:
                bad |= values.isna().to_numpy()
            if bad.any():
                found[name, field] = int(bad.sum())
    assert found == {key: len(records) for key, records in planted.items()}
    assert truth["attribute_faults"]["count"] == sum(found.values())


def test_geometry_is_of_the_cards_kind(workspace):
    kinds = {"Polygons": {3, 6}, "Lines": {1, 5}, "Points": {0}}
    for name in workspace.layers:
        handle = workspace.layers[name]
        if handle.bound and handle.card.kind in kinds and name != "artificial.survey-submission":
            shapes = handle.read().geometry.to_numpy()
            assert set(shapely.get_type_id(shapes)) <= kinds[handle.card.kind], name
            assert shapely.is_valid(shapes).all(), name


def test_rasters_share_the_county_box(workspace):
    west, south, east, north = workspace.layers["artificial.county"].read().total_bounds
    for name in ("natural.terrain", "natural.land-cover", "natural.rainfall", "natural.vegetation"):
        box = workspace.layers[name].read().bounds
        assert box[0] <= west
        assert box[1] <= south
        assert box[2] >= east
        assert box[3] >= north


def test_the_sample_is_small():
    assert sum(file.stat().st_size for file in SAMPLE.rglob("*") if file.is_file() and "runs" not in file.parts) < 20e6


def test_styles_of_cards_name_what_the_palette_has(workspace):
    from spacegov.maps.style import Style

    for name in workspace.layers:
        card = workspace.layers[name].card
        if card.kind != "Table":
            style = Style.model_validate(card.style)
            assert style.colour is not None or style.colour_by in {*card.fields, "value"}, name
            for field in card.fields.values():
                for code in (field.codes or {}).values():
                    colour = getattr(code, "colour", None)
                    if colour is not None:
                        Style.model_validate({"colour": colour})
