"""A question to the whole registry: what the index does not know of is not read, and the answer is the same."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from spacegov.content import content_path
from spacegov.toolbox.run import run
from spacegov.workspace import Workspace


@pytest.fixture(scope="module")
def county() -> Workspace:
    return Workspace.open(content_path("sample_data"))


def comparable(frame: Any) -> pd.DataFrame:
    table = pd.DataFrame(frame.drop(columns="geometry"))
    return table.assign(shape=frame.geometry.normalize().to_wkt(rounding_precision=4))


def test_the_extract_is_the_same_with_and_without_the_index(county: Workspace) -> None:
    parcels = county.layers["artificial.parcels"].read().iloc[::60].reset_index(drop=True)
    parcels.attrs = {}
    assert len(parcels) > 10
    by_index = run(county, "extract-restrictions", {"place": parcels}, keep=False)
    plain = {name: county.layers[name] for name in county.layers}
    by_files = run(county, "extract-restrictions", {"place": parcels, "layers": plain}, keep=False)
    assert set(by_index.frame["answer"]) >= {"present", "absent", "not_covered"}
    pd.testing.assert_frame_equal(comparable(by_index.frame), comparable(by_files.frame), atol=1e-6)
    pd.testing.assert_frame_equal(by_index.frames["themes"], by_files.frames["themes"], atol=1e-6)


def test_layers_that_are_not_there_are_on_record(county: Workspace) -> None:
    parcel = county.layers["artificial.parcels"].read().iloc[[3]]
    parcel.attrs = {}
    answer = run(county, "extract-restrictions", {"place": parcel}, keep=False)
    asked = {record.layer: record for record in answer.provenance.inputs if record.role == "layers"}
    bound = {row.layer for row in answer.frame.itertuples() if county.layers[row.layer].bound}
    assert set(asked) == bound
    absent = next(record for record in asked.values() if record.rows == 0)
    assert absent.sha256 == county.layers[absent.layer].sha256
    assert absent.crs == county.settings.crs


def test_a_coverage_is_read_anew_when_its_file_changes(tmp_path: Path, county: Workspace) -> None:
    from spacegov.layers.coverage import read_coverage

    territory = county.layers["artificial.townships"].read()
    path = tmp_path / "coverage.parquet"
    territory.to_parquet(path)
    assert len(read_coverage(str(path), county.crs)) == len(territory)
    territory.iloc[:1].to_parquet(path)
    assert len(read_coverage(str(path), county.crs)) == 1
