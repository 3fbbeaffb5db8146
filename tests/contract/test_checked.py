"""`@checked`: every input is held to what the signature says, and each refusal is one sentence of the right class."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS
from shapely import LineString, MultiPolygon, Point, Polygon, box

from spacegov import ledger
from spacegov.checks import checked
from spacegov.crs import areal_scale
from spacegov.errors import (
    BadInput,
    BadPolicy,
    BadRaster,
    EmptyLayer,
    InvalidGeometry,
    MissingColumn,
    SpacegovError,
    UnknownName,
    UnsuitableCrs,
    WrongGeometry,
)
from spacegov.kinds import (
    AnyLayer,
    AreaBasis,
    ColumnOf,
    Count,
    CoverageOf,
    Days,
    LayerSet,
    Lines,
    Metres,
    Points,
    PolicyKind,
    PolicyTable,
    Polygons,
    Raster,
    Share,
    SquareMetres,
    Stream,
    Table,
)
from spacegov.ledger import DoubtWarning, collect
from spacegov.raster import Raster as Grid
from spacegov.signature import signature_of

EAST, NORTH = 500_000.0, 3_250_000.0
BOWTIE = Polygon([(EAST, NORTH), (EAST + 10, NORTH + 10), (EAST + 10, NORTH), (EAST, NORTH + 10)])


def frame(*shapes: Any, crs: Any = 4549, layer: str | None = None, **columns: Any) -> gpd.GeoDataFrame:
    made = gpd.GeoDataFrame(columns, geometry=list(shapes), crs=crs)
    if layer:
        made.attrs["layer"] = layer
    return made


def plot(x: float = 0, y: float = 0, size: float = 100) -> Polygon:
    return box(EAST + x, NORTH + y, EAST + x + size, NORTH + y + size)


def grid(crs: Any = 4549) -> Grid:
    return Grid.from_array(np.ones((3, 4)), Affine(10, 0, EAST, 0, -10, NORTH), crs, layer="natural.terrain")


@checked
def ask(
    plans: list[Polygons],
    roads: Lines | None = None,
    stops: Points | None = None,
    terrain: Raster | None = None,
    people: Table | None = None,
    anything: AnyLayer | None = None,
    registry: LayerSet | None = None,
    *,
    use: Annotated[str, ColumnOf("plans")] = "use",
    names: Annotated[str | list[str] | None, ColumnOf("plans")] = None,
    height: Annotated[str | None, ColumnOf(("roads", "people"), numeric=True)] = None,
    rules: PolicyTable | None = None,
    matrix: Annotated[pd.DataFrame, PolicyKind(("use", "verdict"))] | None = None,
    coverage: Annotated[Mapping[str, gpd.GeoDataFrame] | None, CoverageOf("plans")] = None,
    min_area: SquareMetres = 1.0,
    distance: Metres = 5.0,
    share: Share = 0.5,
    days: Days = 30,
    ways: Count = 1,
    mode: Literal["walk", "drive"] = "walk",
    levels: list[float] | None = None,
    since: dt.date | None = None,
    weights: dict[str, float] | None = None,
    strict: bool = False,
    area_basis: AreaBasis = "plane",
) -> dict[str, Any]:
    """Give back what arrives."""
    return locals()


def plans(*, use: str = "urban", **given: Any) -> gpd.GeoDataFrame:
    return frame(plot(), use=[use], **given)


def refused(kind: type[SpacegovError], *parts: str, **call: Any) -> str:
    """Call, and give the refusal, which must be one sentence that names the parts."""
    with pytest.raises(kind) as caught:
        ask(**call)
    message = str(caught.value)
    assert type(caught.value) is kind
    assert caught.value.exit_code == 2
    assert "\n" not in message
    assert len(message) < 500
    for part in parts:
        assert part in message
    return message


def test_what_is_good_arrives_as_it_is() -> None:
    first, second = plans(layer="planned.a"), plans(layer="planned.b")
    seen = ask(plans=[first, second])
    assert [layer.attrs["layer"] for layer in seen["plans"]] == ["planned.a", "planned.b"]
    assert seen["roads"] is None
    assert seen["coverage"] == {}
    assert (seen["min_area"], seen["mode"]) == (1.0, "walk")


def test_one_layer_stands_for_a_list() -> None:
    assert len(ask(plans=plans())["plans"]) == 1
    assert len(ask((plans(), plans()))["plans"]) == 2


def test_a_series_of_shapes_is_a_layer() -> None:
    roads = gpd.GeoSeries([LineString([(EAST, NORTH), (EAST + 5, NORTH)])], crs=4549)
    assert len(ask(plans=plans(), roads=roads)["roads"]) == 1


@pytest.mark.parametrize("given", [None, "plans.gpkg", 5, {"a": 1}])
def test_what_is_no_layer(given: Any) -> None:
    refused(BadInput, "plans[0]", type(given).__name__, "GeoDataFrame", plans=[given])


def test_a_frame_without_geometry() -> None:
    refused(BadInput, "DataFrame without geometry was given", plans=[pd.DataFrame({"use": ["a"]})])
    bare = plans()[["use"]]
    refused(BadInput, "without geometry was given", plans=[bare])
    refused(BadInput, "plans: an empty list was given", plans=[])


def test_labels_say_the_role_once_and_the_layer_where_it_says_more() -> None:
    assert refused(UnsuitableCrs, plans=[plans(crs=None)]).startswith("plans[0]: ")
    assert refused(UnsuitableCrs, plans=[plans(crs=None, layer="plans")]).startswith("plans[0]: ")
    assert refused(UnsuitableCrs, plans=[plans(crs=None, layer="planned.a")]).startswith("plans[0] (planned.a): ")
    with collect() as book:
        ask(plans=[plans(), plans(layer="planned.b")], terrain=grid())
    assert list(book.notes["areal_scale"]) == ["plans[0]", "plans[1] (planned.b)", "terrain (natural.terrain)"]


@pytest.mark.parametrize(
    ("role", "shape", "told"),
    [
        ("plans", Point(EAST, NORTH), "Point was given, only Polygon, MultiPolygon is allowed"),
        ("roads", plot(), "Polygon was given, only LineString"),
        ("stops", LineString([(EAST, NORTH), (EAST, NORTH + 1)]), "LineString was given, only Point, MultiPoint"),
        ("plans", shapely.GeometryCollection([plot()]), "GeometryCollection was given"),
    ],
)
def test_another_type_of_geometry(role: str, shape: Any, told: str) -> None:
    call = {"plans": [plans()], role: frame(shape, use=["a"])}
    refused(WrongGeometry, role, told, "split the layer by type first", **call)


def test_mixed_types_name_only_the_wrong_ones() -> None:
    mixed = frame(plot(), MultiPolygon([plot(200)]), Point(EAST, NORTH), use=["a", "b", "c"])
    assert "Polygon, Point" not in refused(WrongGeometry, "Point was given", plans=[mixed])


def test_features_without_geometry_are_left_out_and_reported() -> None:
    holed = frame(plot(), None, Polygon(), use=["a", "b", "c"], layer="planned.a")
    with collect() as book:
        seen = ask(plans=[holed])
    assert seen["plans"][0]["use"].tolist() == ["a"]
    assert seen["plans"][0].attrs["layer"] == "planned.a"
    assert book.drops == [ledger.Drop(2, "plans[0] (planned.a): no geometry", None)]
    assert book.doubts[0].text == "2 features without geometry were left out"
    with pytest.warns(DoubtWarning, match="2 features without geometry") as caught:
        ask(plans=[holed])
    assert caught[0].filename == __file__
    refused(EmptyLayer, "none of its 2 features has a geometry", plans=[holed.iloc[1:]])


def test_a_layer_without_features_passes() -> None:
    assert len(ask(plans=[plans().iloc[:0]])["plans"][0]) == 0


def test_broken_polygons_are_refused_with_the_first_and_why() -> None:
    broken = frame(plot(), BOWTIE, BOWTIE, use=["a", "b", "c"], layer="planned.a")
    refused(
        InvalidGeometry, "plans[0] (planned.a)", "2 of 3 polygons are broken", "record 1", "Self-intersection",
        "check-geometry", plans=[broken],
    )  # fmt: skip


@pytest.mark.parametrize("shape", [Point(np.nan, NORTH), LineString([(EAST, NORTH), (np.inf, NORTH)])])
def test_coordinates_that_are_no_numbers_are_refused(shape: Any) -> None:
    role = "stops" if shape.geom_type == "Point" else "roads"
    fine = Point(EAST, NORTH) if role == "stops" else LineString([(EAST, NORTH), (EAST + 1, NORTH)])
    with pytest.raises((InvalidGeometry, EmptyLayer, UnsuitableCrs)):
        ask(plans=plans(), **{role: frame(shape)})
    with pytest.raises((InvalidGeometry, EmptyLayer, UnsuitableCrs)):
        ask(plans=plans(), **{role: frame(fine, shape)})


def test_faults_may_reach_the_tools_that_look_for_them() -> None:
    for layer in (frame(BOWTIE, crs=None), frame(Point(10, 50), None, crs=4326), frame(plot(), crs=3857)):
        assert ask(plans=plans(), anything=layer)["anything"] is layer
    refused(BadInput, "anything", "DataFrame without geometry", plans=plans(), anything=pd.DataFrame())


# ---- CRS and areal scale


def at(epsg: int, longitude: float, latitude: float, size: float = 1000) -> gpd.GeoDataFrame:
    point = gpd.GeoSeries([Point(longitude, latitude)], crs=4326).to_crs(epsg).iloc[0]
    return frame(box(point.x, point.y, point.x + size, point.y + size), use=["a"], crs=epsg)


def test_a_crs_true_to_area_passes_and_is_on_record() -> None:
    with collect() as book:
        ask(plans=[at(32733, 15.0, -1.0)])
    (low, high) = book.notes["areal_scale"]["plans[0]"]
    # On the central meridian of UTM the scale is 0.9996, so areas are 0.9996².
    assert low == pytest.approx(0.9996**2, abs=1e-6)
    assert low <= high < 1


def test_a_wrong_zone_is_refused_and_a_fitting_one_named() -> None:
    refused(
        UnsuitableCrs, "EPSG:32733 is the wrong CRS for its place", "--crs EPSG:32734", plans=[at(32733, 20.0, -1.0)]
    )


def test_web_mercator_is_refused_with_its_factor() -> None:
    refused(UnsuitableCrs, "EPSG:3857", "1.33", "times the true ones", plans=[at(3857, 120.0, 30.0)])


def test_the_ellipsoid_needs_no_grid_true_to_area() -> None:
    with collect() as book:
        ask(plans=[at(3857, 120.0, 30.0)], area_basis="ellipsoid")
    assert book.notes["areal_scale"]["plans[0]"][0] == pytest.approx(1.33, abs=0.01)


@pytest.mark.parametrize(
    ("crs", "told"),
    [
        (None, "it has no CRS"),
        (4326, "EPSG:4326, in degrees"),
        (2263, "in US survey foot; metres are needed"),
    ],
)
def test_a_crs_that_is_not_metric(crs: Any, told: str) -> None:
    layer = frame(box(120.0, 29.0, 120.1, 29.1), use=["a"], crs=crs)
    refused(UnsuitableCrs, told, plans=[layer])
    refused(UnsuitableCrs, told, plans=[layer], area_basis="ellipsoid")


def test_degrees_name_a_zone_that_fits() -> None:
    refused(UnsuitableCrs, "--crs EPSG:32651", plans=[frame(box(120.1, 29, 120.2, 29.1), use=["a"], crs=4326)])


def test_swapped_axes_are_told() -> None:
    swapped = frame(box(NORTH, EAST, NORTH + 10, EAST + 10), use=["a"])
    refused(UnsuitableCrs, "look like EPSG:4549 with the axes swapped", plans=[swapped])


def test_coordinates_where_the_crs_is_not_defined() -> None:
    far = frame(box(9e8, 9e8, 9.1e8, 9.1e8), use=["a"])
    refused(UnsuitableCrs, "is not defined", plans=[far])
    refused(UnsuitableCrs, "is not defined", plans=[far], area_basis="ellipsoid")


def test_layers_of_several_crs_are_refused() -> None:
    other = plans(layer="planned.b").to_crs(4548)
    refused(
        UnsuitableCrs,
        "plans[0] is in EPSG:4549",
        "plans[1] (planned.b) in EPSG:4548",
        "--crs EPSG:4549",
        plans=[plans(), other],
    )
    refused(UnsuitableCrs, "terrain (natural.terrain) in EPSG:4548", plans=plans(), terrain=grid(4548))


def test_one_crs_written_in_two_ways_is_one() -> None:
    spelled = CRS.from_wkt(CRS(4549).to_wkt("WKT1_ESRI"))
    assert len(ask(plans=[plans(), plans(crs=spelled)])["plans"]) == 2


@given(st.floats(-2.4, 2.4), st.floats(-70, 70), st.integers(1, 60))
def test_a_utm_zone_is_true_to_area_within_it(offset: float, latitude: float, zone: int) -> None:
    epsg = (32600 if latitude >= 0 else 32700) + zone
    layer = at(epsg, zone * 6 - 183 + offset, latitude)
    low, high = areal_scale(layer.crs.to_wkt(), tuple(layer.total_bounds))
    assert 0.995 <= low <= high <= 1.005


# ---- columns


def test_a_missing_column_names_the_nearest_and_the_option() -> None:
    layer = frame(plot(), usage=["a"], layer="planned.a")
    refused(MissingColumn, "plans[0] (planned.a)", "'use' is missing", "did you mean 'usage'", "use=…", plans=[layer])


def test_several_columns_of_one_layer_and_one_for_each_layer() -> None:
    first = frame(plot(), use=["a"], name=["x"], code=["1"])
    second = frame(plot(), use=["a"], title=["y"])
    assert ask(plans=[first], names=["name", "code"])["names"] == ["name", "code"]
    assert ask(plans=[first, second], names=["name", "title"])["names"] == ["name", "title"]
    refused(MissingColumn, "plans[1]", "'name'", "names=…", plans=[first, second], names="name")
    refused(MissingColumn, "plans[0]", "'nam'", "did you mean 'name'", plans=[first], names=["nam", "code"])


def test_a_column_of_two_inputs_must_be_in_both_that_are_given() -> None:
    road = frame(LineString([(EAST, NORTH), (EAST + 5, NORTH)]), metres=[3.0])
    assert ask(plans=plans(), roads=road, height="metres")["height"] == "metres"
    assert ask(plans=plans(), height="metres")["height"] == "metres"
    refused(
        MissingColumn, "people", "'metres'", plans=plans(), roads=road, people=pd.DataFrame({"a": [1]}), height="metres"
    )


def test_a_column_of_numbers() -> None:
    refused(
        BadInput, "'metres' holds 1 values that are no numbers, such as '3+'", "numbers are needed", "height=…",
        plans=plans(), people=pd.DataFrame({"metres": ["3", "3+", ""]}), height="metres",
    )  # fmt: skip
    # files often keep numbers as text
    assert ask(plans=plans(), people=pd.DataFrame({"metres": ["3", " 4.5 ", "", None]}), height="metres")["people"][
        "metres"
    ].tolist() == pytest.approx([3.0, 4.5, np.nan, np.nan], nan_ok=True)


# ---- rasters, tables, streams, registries


def test_a_data_array_becomes_a_raster() -> None:
    array = xr.DataArray(
        [[1.0, np.nan], [3.0, 4.0]], {"y": [NORTH + 15, NORTH + 5], "x": [EAST + 5, EAST + 15]}, ("y", "x"), name="dem"
    )
    import rioxarray  # noqa: F401  registers the accessor

    seen = ask(plans=plans(), terrain=array.rio.write_crs(4549))["terrain"]
    assert isinstance(seen, Grid)
    assert seen.cell_size == (10.0, 10.0)
    assert np.nansum(seen.read()) == 8.0
    refused(UnsuitableCrs, "terrain", "no CRS", plans=plans(), terrain=array)
    refused(BadRaster, "terrain", "dimensions", plans=plans(), terrain=array.rename(x="a"))
    refused(BadRaster, "not north up", plans=plans(), terrain=array.isel(y=slice(None, None, -1)).rio.write_crs(4549))


def test_what_is_no_raster() -> None:
    refused(BadInput, "terrain", "ndarray was given, a raster is needed", plans=plans(), terrain=np.ones((2, 2)))
    refused(BadInput, "terrain", "GeoDataFrame was given, a raster is needed", plans=plans(), terrain=plans())
    empty = Grid.from_array(np.ones((0, 4)), Affine(10, 0, EAST, 0, -10, NORTH), 4549)
    refused(BadRaster, "the raster has no cells", plans=plans(), terrain=empty)
    refused(UnsuitableCrs, "terrain (natural.terrain)", "in degrees", plans=plans(), terrain=grid(4326))


def test_tables_and_registries() -> None:
    refused(BadInput, "people", "list was given, a table (DataFrame) is needed", plans=plans(), people=[1])
    refused(BadInput, "registry", "list was given, a mapping from layer id to reader", plans=plans(), registry=[1])
    assert ask(plans=plans(), registry={"a": 1})["registry"] == {"a": 1}


@checked
def count(
    features: Stream,
    *,
    size: Annotated[str, ColumnOf("features", numeric=True)] = "size",
    area_basis: AreaBasis = "plane",
) -> list[int]:
    """Count the features of batches."""
    return [len(batch) for batch in features]


def test_streams_take_frames_and_batches() -> None:
    batch = frame(plot(), plot(200), size=[1, 2])
    assert count(batch) == [2]
    assert count([batch, batch.iloc[:1]]) == [2, 1]
    assert count(part for part in (batch, batch)) == [2, 2]
    with collect() as book:
        count([batch, frame(plot(50_000), size=[1])])
    assert list(book.notes["areal_scale"]) == ["features"]
    low, high = book.notes["areal_scale"]["features"]
    assert low < 1.00001 < high


@pytest.mark.parametrize("given", [5, "a.gpkg", {"a": 1}])
def test_what_is_no_stream(given: Any) -> None:
    with pytest.raises(BadInput, match=r"features: .* was given, a frame or batches of frames are needed"):
        count(given)


def test_every_batch_is_checked() -> None:
    good = frame(plot(), size=[1])
    for bad, kind, told in (
        (frame(plot(), size=[1], crs=4548), UnsuitableCrs, "batch 2 has EPSG:4548 where the first has EPSG:4549"),
        (frame(plot(), other=[1]), MissingColumn, "features, batch 2: the column 'size'"),
        (frame(BOWTIE, size=[1]), InvalidGeometry, "features, batch 2: 1 of 1"),
        (at(3857, 120, 30).assign(size=1), UnsuitableCrs, "batch 2"),
    ):
        with pytest.raises(kind, match=told):
            count([good, bad])
    mercator = at(3857, 120, 30).assign(size=1)
    with pytest.raises(UnsuitableCrs, match=r"1\.33"):
        count(mercator)
    assert count(mercator, area_basis="ellipsoid") == [1]


# ---- policy tables and coverage


def test_policy_tables() -> None:
    table = pd.DataFrame({"use": ["a"], "verdict": ["no"]})
    assert ask(plans=plans(), rules=table, matrix=table)["matrix"] is table
    refused(
        BadPolicy,
        "matrix",
        "no column 'verdict'; did you mean 'verdicts'",
        plans=plans(),
        matrix=table.rename(columns={"verdict": "verdicts"}),
    )
    refused(
        BadPolicy, "rules", "str was given, a policy table is needed", "read_policy", plans=plans(), rules="rules-1"
    )


def test_a_rule_table_that_is_needed() -> None:
    @checked
    def judge(plans: Polygons, *, rules: PolicyTable) -> None:
        """Judge."""

    with pytest.raises(BadPolicy, match="rules: NoneType was given"):
        judge(plans(), rules=None)
    with pytest.raises(BadInput, match="missing a required argument: 'rules'"):
        judge(plans())


def test_coverage_is_held_to_its_layers() -> None:
    cover = frame(plot())
    assert ask(plans=[plans(layer="a")], coverage=cover)["coverage"] == {"a": cover}
    assert list(ask(plans=[plans(layer="a"), plans(layer="b")], coverage={"b": cover})["coverage"]) == ["b"]
    two = [plans(layer="planned.a"), plans(layer="planned.b")]
    refused(BadInput, "coverage: one frame was given for 2 layers", plans=two, coverage=cover)
    refused(UnknownName, "plans has no layer 'planned.c'", "did you mean", plans=two, coverage={"planned.c": cover})
    refused(
        UnsuitableCrs, "coverage of planned.b is in EPSG:4548", plans=two, coverage={"planned.b": cover.to_crs(4548)}
    )
    refused(
        WrongGeometry,
        "coverage of planned.b: Point was given",
        plans=two,
        coverage={"planned.b": frame(Point(EAST, NORTH))},
    )
    refused(BadInput, "coverage: list was given", plans=two, coverage=[cover])


# ---- options


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("min_area", -1, "min_area: -1 was given, needed is greater than or equal to 0 (m²)"),
        ("min_area", "much", "'much' was given, needed is a valid number"),
        ("distance", float("nan"), "needed is a finite number (m)"),
        ("distance", float("inf"), "needed is a finite number (m)"),
        ("share", 1.5, "less than or equal to 1 (share, 0 to 1)"),
        ("days", 2.5, "needed is a valid integer"),
        ("days", -1, "(d)"),
        ("ways", 0, "greater than or equal to 1"),
        ("mode", "fly", "'fly' was given, needed is 'walk' or 'drive'"),
        ("area_basis", "sphere", "needed is 'plane' or 'ellipsoid'"),
        ("levels", ["a"], "levels"),
        ("since", "2025-02-30", "needed is a valid date"),
        ("strict", "perhaps", "needed is a valid boolean"),
        ("use", 5, "use: 5 was given, needed is a valid string"),
        ("min_area", plans(), "min_area: "),
    ],
)
def test_values_beyond_their_type_or_bound(option: str, value: Any, told: str) -> None:
    refused(BadInput, told, f"mend the value of {option}", plans=plans(), **{option: value})


def test_an_unknown_option_names_the_nearest() -> None:
    refused(BadInput, "ask: there is no option 'min_aera'; did you mean 'min_area'", plans=plans(), min_aera=3)


def test_an_option_that_is_needed() -> None:
    @checked
    def split(plans: Polygons, *, by: Annotated[str, ColumnOf("plans")]) -> None:
        """Split."""

    with pytest.raises(BadInput, match="missing a required argument: 'by'"):
        split(plans())
    with pytest.raises(BadInput, match="by: nothing was given, a column of plans is needed; write by=…"):
        signature_of(split).parse({})


@pytest.mark.parametrize(
    ("option", "text", "value"),
    [
        ("levels", "0,10, 100", [0.0, 10.0, 100.0]),
        ("levels", "5", [5.0]),
        ("names", "code", "code"),
        ("names", "code,name", ["code", "name"]),
        ("weights", "road:2, rail:0.5", {"road": 2.0, "rail": 0.5}),
        ("since", "2025-01-31", dt.date(2025, 1, 31)),
        ("strict", "true", True),
        ("min_area", "1e-6", 1e-6),
        ("days", "7", 7),
        ("use", "0101", "0101"),
        ("use", "no", "no"),
        ("use", "a,b", "a,b"),
    ],
)
def test_values_from_the_command_line(option: str, text: str, value: Any) -> None:
    signature = signature_of(ask)
    read = signature.parse(signature.from_text({option: text}))[option]
    assert read == value
    assert type(read) is type(value)


def test_pairs_from_the_command_line_need_a_colon() -> None:
    with pytest.raises(BadInput, match="weights: 'road' was given, name:value pairs are needed; write weights=a:1,b:2"):
        signature_of(ask).from_text({"weights": "road"})


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=6))
def test_any_list_of_numbers_survives_the_command_line(numbers: list[float]) -> None:
    signature = signature_of(ask)
    assert signature.parse(signature.from_text({"levels": ",".join(map(repr, numbers))}))["levels"] == numbers


@given(st.text(alphabet=st.characters(exclude_characters=","), min_size=1))
def test_any_word_survives_the_command_line(word: str) -> None:
    signature = signature_of(ask)
    assert signature.parse(signature.from_text({"use": word}))["use"] == word


# ---- the signature and its schema


def test_the_schema_tells_kinds_units_and_defaults() -> None:
    schema = signature_of(ask).schema()
    properties = schema["properties"]
    assert schema["required"] == ["plans"]
    assert properties["plans"]["layer"] == {"kind": "Polygons", "geometry": ["Polygon", "MultiPolygon"], "many": True}
    assert properties["min_area"]["unit"] == "m²"
    assert properties["min_area"]["default"] == 1.0
    assert properties["mode"]["enum"] == ["walk", "drive"]
    assert "coverage" not in properties
    assert schema["additionalProperties"] is False


def test_an_option_may_be_called_like_anything() -> None:
    @checked
    def rename(plans: Polygons, *, schema: str = "a", copy: bool = False, json: str = "b") -> tuple[str, bool, str]:
        """Give the options back."""
        return schema, copy, json

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert rename(plans(), schema="x", copy=True) == ("x", True, "b")
        assert signature_of(rename).schema()["properties"]["schema"]["default"] == "a"


def test_a_checked_function_is_still_itself() -> None:
    assert ask.__name__ == "ask"
    assert (ask.__doc__ or "").startswith("Give back")

    @checked(partition="rows", halo="distance")
    def near(plans: Polygons, *, distance: Metres = 1.0) -> None:
        """Look near."""

    assert (near.partition, near.halo) == ("rows", "distance")


def test_a_good_call_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ask(plans=[plans(), plans()], terrain=grid(), people=pd.DataFrame({"a": [1]}))
