"""The same seed gives the same county, byte for byte, and the committed one is it."""

import filecmp

import pytest

from spacegov.synthetic import build_county
from tests.synthetic.conftest import SAMPLE


@pytest.mark.long
def test_county_rebuilds_byte_for_byte(tmp_path):
    build_county(tmp_path)
    made = sorted(file.relative_to(tmp_path) for file in tmp_path.rglob("*") if file.is_file())
    kept = sorted(
        file.relative_to(SAMPLE) for part in ("data", "layers") for file in (SAMPLE / part).rglob("*") if file.is_file()
    )
    assert [file for file in made if file.parts[0] in ("data", "layers")] == kept
    different = [str(file) for file in made if not filecmp.cmp(tmp_path / file, SAMPLE / file, shallow=False)]
    assert different == []
