"""`spacegov new`: empty and invented workspaces."""

import json

import pytest

import spacegov
from tests.processes import started


def test_a_province_is_made_and_opens(tmp_path):
    made = started("new", str(tmp_path / "province"), "--sample", "--units", "20000", "--layers", "20", "--json")
    assert made.code == 0, made.err
    facts = json.loads(made.out)
    workspace = spacegov.open(tmp_path / "province")
    bound = [name for name in workspace.layers if workspace.layers[name].bound]
    assert facts["layers"] == len(bound) == 20
    assert facts["units"] == pytest.approx(20_000, rel=0.25)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "give one of the two"),
        (["--sample", "--crs", "EPSG:4549"], "give one of the two"),
        (["--crs", "EPSG:4549", "--units", "5"], "add --sample"),
        (["--sample", "--layers", "5"], "add --units N"),
        (["--sample", "--name", "X"], "leave out --name"),
    ],
)
def test_words_that_do_not_fit_are_told(tmp_path, words, sentence):
    refused = started("new", str(tmp_path / "w"), *words)
    assert refused.code == 2
    assert sentence in refused.err
    assert not (tmp_path / "w").exists()
