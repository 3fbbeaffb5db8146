"""classify_landscape_pattern: the golden shapes, by hand, turned, and with unknown ground."""

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spacegov import ledger
from spacegov.errors import BadInput, BadRaster
from spacegov.raster import Raster
from spacegov.tools.protection import classify_landscape_pattern


def pattern(cells, *, edge=1, nodata=None, **options):
    raster = Raster.from_array(
        np.asarray(cells).astype(int), Affine(10, 0, 500_000, 0, -10, 3_260_000), "EPSG:4549", nodata=nodata
    )
    with ledger.collect() as book:
        answer = classify_landscape_pattern(raster, edge_width=10 * edge, **options)
    return answer, book


def counts(cells, **options):
    table = pattern(cells, **options)[0].classes
    return {name: n for name, n in zip(table["pattern"], table["cells"], strict=True) if n}


def blocks():
    cells = np.zeros((9, 17), dtype=bool)
    cells[2:7, 2:7] = cells[2:7, 10:15] = cells[4, 7:10] = True
    return cells


def hole():
    cells = np.zeros((13, 13), dtype=bool)
    cells[2:11, 2:11] = True
    cells[6, 6] = False
    return cells


def spur():
    cells = np.zeros((9, 18), dtype=bool)
    cells[2:7, 2:7] = cells[4, 7:11] = cells[4, 14:16] = True
    return cells


def ring():
    cells = np.zeros((11, 14), dtype=bool)
    cells[2:9, 2:7] = cells[3, 7:9] = cells[4, 8] = cells[5, 7:9] = True
    return cells


def test_the_golden_shapes():
    assert counts(blocks(), transition=False) == {"core": 18, "edge": 32, "bridge": 3}
    assert counts(hole(), transition=False) == {"core": 40, "edge": 32, "perforation": 8}
    assert counts(hole(), edge=2) == {"islet": 80}
    assert counts(spur(), transition=False) == {"core": 9, "islet": 2, "edge": 16, "branch": 4}
    assert counts(ring(), transition=False) == {"core": 15, "edge": 20, "loop": 3, "branch": 2}


def test_transition_gives_the_gates_in_the_edge_to_the_connector():
    # one cell of edge at each end of the bridge and of the loop
    assert counts(blocks(), transition=True) == {"core": 18, "edge": 30, "bridge": 5}
    assert counts(ring(), transition=True) == {"core": 15, "edge": 18, "loop": 5, "branch": 2}
    # a branch ends at the edge
    assert counts(spur(), transition=True) == counts(spur(), transition=False)


def test_a_broad_bridge_is_as_broad_as_its_strip():
    two = np.zeros((9, 19), dtype=bool)
    two[2:7, 2:7] = two[2:7, 12:17] = two[4:6, 7:12] = True
    assert counts(two) == {"core": 18, "edge": 28, "bridge": 14}
    four = np.zeros((10, 22), dtype=bool)
    four[1:9, 1:9] = four[1:9, 13:21] = four[3:7, 9:13] = True
    assert counts(four, edge=2) == {"core": 32, "edge": 80, "bridge": 32}


def test_corners_connect_with_eight_neighbours_only():
    cells = np.zeros((12, 14), dtype=bool)
    cells[2:7, 2:7] = cells[7:12, 7:12] = True
    assert counts(cells, neighbours=8)["bridge"] == 2
    assert "bridge" not in counts(cells, neighbours=4)


def test_edge_width_reaches_as_far_as_it_says():
    cells = np.ones((31, 31), dtype=bool)
    cells[15, 15] = False
    for width in (1, 2, 3, 4):
        classes = pattern(cells, edge=width)[0].pattern.read()
        core = np.argwhere(classes == 1) - 15
        assert np.hypot(*core.T).min() == width + 1


def test_unknown_ground_and_the_border_make_no_edge():
    cells = np.ones((8, 8), dtype=int)
    cells[:, 5:] = 9
    answer, _ = pattern(cells, nodata=9)
    assert answer.classes["cells"].tolist() == [40, 0, 0, 0, 0, 0, 0]
    assert np.isnan(answer.pattern.read()[:, 5:]).all()


def test_an_island_in_a_lake_has_an_edge_and_the_shore_is_perforated():
    cells = np.ones((25, 25), dtype=bool)
    cells[6:19, 6:19] = False
    cells[10:15, 10:15] = True
    found = pattern(cells)[0].pattern.read()
    assert (found[10:15, 10:15] == 4).sum() == 16
    assert (found == 3).sum() == 15 * 15 - 13 * 13


def test_codes_name_the_habitat_and_areas_balance():
    cells = blocks() * 3 + spur()[:, :17] * 0 + 1
    answer, book = pattern(cells, habitat_codes=(4,))
    assert answer.classes["area_m2"].sum() == pytest.approx(blocks().sum() * 100)
    assert answer.classes["share"].sum() == pytest.approx(1)
    assert book.balances[0].difference == pytest.approx(0)


@settings(max_examples=25, deadline=None)
@given(
    cells=arrays(bool, st.tuples(st.integers(1, 24), st.integers(1, 24))),
    grown=st.booleans(),
    edge=st.integers(1, 2),
    neighbours=st.sampled_from([4, 8]),
)
def test_turning_keeps_core_edge_islet_and_perforation(cells, grown, edge, neighbours):
    if grown:
        cells = np.kron(cells, np.ones((3, 3), dtype=bool))
    if not cells.any():
        cells[0, 0] = True
    one = counts(cells, edge=edge, neighbours=neighbours, transition=False)
    for other in (np.rot90(cells), cells[::-1]):
        two = counts(other, edge=edge, neighbours=neighbours, transition=False)
        for name in ("core", "islet", "edge", "perforation"):
            assert one.get(name, 0) == two.get(name, 0)
        assert sum(one.values()) == sum(two.values()) == cells.sum()


def test_bad_input_is_refused_and_a_rounded_edge_told():
    with pytest.raises(BadInput, match="at least one cell"):
        pattern(blocks(), edge=0.3)
    with pytest.raises(BadRaster, match="no cell has a code"):
        pattern(blocks(), habitat_codes=(8,))
    with pytest.raises(BadRaster, match="no cell has a code"):
        pattern(np.zeros((3, 3)))
    assert "taken as 1 cells" in pattern(blocks(), edge=1.3)[1].doubts[0].text
    assert "no habitat is core" in pattern(hole(), edge=3)[1].doubts[0].text
