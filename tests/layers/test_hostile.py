"""Deliveries that are broken, mislabelled or made to harm: one sentence, and the store as it was."""

from __future__ import annotations

import sqlite3
import stat
import struct
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from spacegov.errors import BadInput, UnreadableFile
from spacegov.layers import archives
from spacegov.layers.giants import RecordLengths, refuse_giants
from spacegov.layers.ingest import import_layer
from spacegov.workspace import Workspace
from tests.layers.deliveries import PARCELS, content, disc, many, plots, send
from tests.tiny import CRS, EAST, NORTH


def refused(folder: Path, given: Path, **how: object) -> str:
    """Import what must be refused; gives the sentence, and asserts that nothing was changed."""
    before = content(folder)
    with pytest.raises(BadInput) as caught:
        import_layer(Workspace.open(folder), PARCELS, given, **how)  # type: ignore[arg-type]
    message = str(caught.value)
    assert "\n" not in message
    assert 20 < len(message) < 600
    assert content(folder) == before
    left = [file.name for file in (folder / "data" / PARCELS).iterdir()]
    assert not [name for name in left if "part" in name]
    return message


@pytest.mark.parametrize("name", ["a.gpkg", "a.geojson", "a.parquet", "a.fgb", "a.shp", "a.zip"])
@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_file_that_was_cut_off(tiny_folder: Path, tmp_path: Path, name: str, kept: float) -> None:
    path = tmp_path / name
    sent = many(500)
    if name == "a.zip":
        sent.to_file(tmp_path / "in.shp")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in tmp_path.glob("in.*"):
                archive.write(file, file.name)
    elif name == "a.parquet":
        sent.to_parquet(path)
    else:
        sent.to_file(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    assert path.name in refused(tiny_folder, path)


@pytest.mark.parametrize("name", ["a.gpkg", "a.geojson", "a.parquet", "a.shp", "a.zip", "a.csv", "a.tif"])
@pytest.mark.parametrize("made", [b"", b"just words", b"\x00" * 5000, b"PK\x03\x04broken", b"<html>404</html>"])
def test_a_file_that_is_not_what_its_name_says(tiny_folder: Path, tmp_path: Path, name: str, made: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(made)
    refused(tiny_folder, path)


def test_a_format_under_the_name_of_another(tiny_folder: Path, tmp_path: Path) -> None:
    plots().to_parquet(tmp_path / "p.parquet")
    (tmp_path / "p.parquet").rename(tmp_path / "p.gpkg")
    refused(tiny_folder, tmp_path / "p.gpkg")


def test_text_in_another_encoding_is_read_when_it_is_named(tiny_folder: Path, tmp_path: Path) -> None:
    sent = plots(2)
    sent["name"] = ["水田", "旱地"]
    sent.to_file(tmp_path / "g.shp", encoding="gb18030")
    (tmp_path / "g.cpg").write_text("UTF-8", encoding="ascii")
    assert "--encoding" in refused(tiny_folder, tmp_path / "g.shp")
    import_layer(Workspace.open(tiny_folder), PARCELS, tmp_path / "g.shp", encoding="gb18030")
    assert sorted(Workspace.open(tiny_folder).layers[PARCELS].read()["name"]) == ["旱地", "水田"]


def test_a_table_in_no_encoding_that_is_known(tiny_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"x,y,name\n1,2,\xff\xff\x81\n")
    assert "--encoding" in refused(tiny_folder, tmp_path / "t.csv")
    assert "no encoding" in refused(tiny_folder, tmp_path / "t.csv", encoding="klingon")


def test_a_polygon_of_a_million_vertices(tiny_folder: Path, tmp_path: Path) -> None:
    sent = gpd.GeoDataFrame(
        {"plot_id": ["big", "small"], "use": ["0101", "0301"], "people": [1, 2]},
        geometry=[disc(1_000_000), shapely.box(EAST + 500, NORTH + 500, EAST + 501, NORTH + 501)],
        crs=plots().crs,
    )
    report = send(tmp_path, sent, "big.parquet")
    assert report.facts["faults"] == {"too-many-vertices": 1}
    workspace = Workspace.open(tiny_folder)
    got = workspace.layers[PARCELS].read()
    assert shapely.get_num_coordinates(got.geometry[got["plot_id"] == "big"].iloc[0]) == 1_000_001
    touched = workspace.restriction_index.touching(shapely.Point(EAST + 500.5, NORTH + 500.5), layers=[PARCELS])
    assert touched.frame(PARCELS)["plot_id"].tolist() == ["big", "small"] or set(touched.frame(PARCELS)["plot_id"]) == {
        "big",
        "small",
    }
    # What is read for the answer is a small piece of the large polygon.
    assert shapely.get_num_coordinates(touched.shapes).max() <= 520


@pytest.mark.parametrize(
    "member", ["../outside.shp", "/etc/outside.shp", "a/../../outside.shp", "..\\outside.shp", "C:\\outside.shp"]
)
def test_a_path_out_of_the_archive(tiny_folder: Path, tmp_path: Path, member: str) -> None:
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        archive.writestr("good.txt", "x")
        archive.writestr(zipfile.ZipInfo(member), "x")
    assert "leads out of its folder" in refused(tiny_folder, tmp_path / "p.zip")
    assert not list(tmp_path.rglob("outside*"))


def test_a_link_in_an_archive(tiny_folder: Path, tmp_path: Path) -> None:
    link = zipfile.ZipInfo("plots.gpkg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "l.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "the link" in refused(tiny_folder, tmp_path / "l.zip")


def test_a_bomb(tiny_folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.csv", "w") as sink:
        for _ in range(80):
            sink.write(b"0" * (1 << 20))
    assert (tmp_path / "b.zip").stat().st_size < 1 << 20
    assert "times as many" in refused(tiny_folder, tmp_path / "b.zip")


def test_an_archive_that_lies_about_its_sizes(tiny_folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"0" * (1 << 20))
    raw = bytearray((tmp_path / "b.zip").read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = raw.index(signature) + offset
        raw[place : place + 4] = struct.pack("<I", 100)
    (tmp_path / "b.zip").write_bytes(bytes(raw))
    refused(tiny_folder, tmp_path / "b.zip")


def test_an_archive_of_too_many_files_or_none(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST_MEMBERS", 3)
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        for number in range(4):
            archive.writestr(f"{number}.csv", "x,y\n")
    assert "4 files" in refused(tiny_folder, tmp_path / "m.zip")
    with zipfile.ZipFile(tmp_path / "n.zip", "w") as archive:
        archive.writestr("readme.doc", "x")
    assert "no file of a layer" in refused(tiny_folder, tmp_path / "n.zip")


def test_an_archive_larger_than_the_disk_has_room(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST_BYTES", 1000)
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        archive.writestr("a.csv", "x" * 2000)
    assert "2000 bytes" in refused(tiny_folder, tmp_path / "d.zip")


def test_a_folder_without_rights_to_write(tiny_folder: Path, tmp_path: Path) -> None:
    plots().to_parquet(tmp_path / "p.parquet")
    before = content(tiny_folder)
    data = tiny_folder / "data" / PARCELS
    # The superuser may write anywhere, so that a file stands where the folder should be.
    (tiny_folder / "data" / "planned.trial-unbound").write_text("no folder", encoding="utf-8")
    with pytest.raises(UnreadableFile, match="nothing can be written there"):
        import_layer(Workspace.open(tiny_folder), "planned.trial-unbound", tmp_path / "p.parquet")
    assert content(tiny_folder) == before
    assert data.is_dir()


def test_names_of_columns_that_would_clash_with_ours(tiny_folder: Path, tmp_path: Path) -> None:
    sent = plots(2)
    sent["bbox"], sent["fault"] = "theirs", "theirs too"
    send(tmp_path, sent, on_fault="accept")
    got = Workspace.open(tiny_folder).layers[PARCELS].read()
    assert got["bbox_"].tolist() == ["theirs"] * 2
    assert got["fault_"].tolist() == ["theirs too"] * 2


def test_a_version_cannot_name_a_path(tiny_folder: Path, tmp_path: Path) -> None:
    for name in ("../x", "a/b", "", "current", "coverage", ".hidden", "a b"):
        if not name:
            continue
        with pytest.raises(BadInput, match="cannot name a version"):
            send(tmp_path, plots(), version=name)
    with pytest.raises(BadInput):
        Workspace.open(tiny_folder).layers[PARCELS].read(version="../../../etc/passwd")


def test_records_that_were_deleted_are_not_missed(tiny_folder: Path, tmp_path: Path) -> None:
    plots(6).to_file(tmp_path / "d.shp")
    table = bytearray((tmp_path / "d.dbf").read_bytes())
    header, width = (int.from_bytes(table[start:end], "little") for start, end in ((8, 10), (10, 12)))
    table[header + 2 * width] = ord("*")
    (tmp_path / "d.dbf").write_bytes(bytes(table))
    report = import_layer(Workspace.open(tiny_folder), PARCELS, tmp_path / "d.shp")
    assert report.rows == 5
    assert sorted(Workspace.open(tiny_folder).layers[PARCELS].read()["plot_id"]) == ["p0", "p1", "p3", "p4", "p5"]


def _with_large_value(path: Path, size: int) -> Path:
    """Write a GeoPackage of two plots, the text of one of them as large as asked."""
    plots(2).to_file(path, layer="plots")
    with closing(sqlite3.connect(path)) as base:
        for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            base.execute(f'DROP TRIGGER "{name}"')
        base.execute("UPDATE plots SET plot_id = ? WHERE fid = 2", ("x" * size,))
        base.commit()
    return path


def test_a_value_that_is_too_large(tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _with_large_value(tmp_path / "a.gpkg", 2_000_000)
    monkeypatch.setattr("spacegov.layers.giants.LARGEST_VALUE", 1 << 20)
    assert "'plot_id' has more than 1 MiB" in refused(tiny_folder, path)
    monkeypatch.setattr("spacegov.layers.giants.LARGEST_VALUE", 4 << 20)
    refuse_giants(path, None)


def test_a_record_of_a_table_that_is_too_long_is_not_left_out(tiny_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    head = f"plot_id,use,people,x,y\na,0101,1,{EAST + 1},{NORTH + 1}\n"
    tail = f",0301,2,{EAST + 2},{NORTH + 2}\n"
    path.write_text(f'{head}"{"x" * 11_000_000}"{tail}', encoding="utf-8")
    assert "begins in line 3" in refused(tiny_folder, path)
    # a quotation mark that is never closed makes one record of the rest
    lines = "".join(f"b{n},0101,1,{EAST},{NORTH}\n" for n in range(400_000))
    path.write_text(f'{head}"never closed{lines}', encoding="utf-8")
    assert "quotation mark that is not closed" in refused(tiny_folder, path)


@pytest.mark.parametrize("size", [1, 3, 7, 1_000])
def test_lengths_do_not_depend_on_the_parts(size: int) -> None:
    text = 'a,b\n1,2\n3,"four\nfive"\n' + "6,7\n" * 30 + '8,"' + "nine\n" * 20 + '"\n10,11\n'
    parts = [text[start : start + size] for start in range(0, len(text), size)]

    def measure(longest: int) -> None:
        lengths = RecordLengths("a.csv", longest)
        for part in parts:
            lengths.take(part)

    with pytest.raises(UnreadableFile, match="line 35 "):
        measure(90)
    measure(110)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["csv", "gpkg"])
def test_a_field_of_gigabytes_is_refused_within_little_memory(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    if kind == "csv":
        with path.open("w", encoding="utf-8") as file:
            file.write('plot_id,use,people,x,y\n"')
            for _ in range(2_100):
                file.write("x" * (1 << 20))
            file.write(f'",0301,2,{EAST},{NORTH}\n')
    else:
        # SQLite itself allows a thousand million bytes
        _with_large_value(path, 990_000_000)
    words = ["import", str(path), "--layer", "planned.plots", "--draft", "natural-resources", "-w", str(tmp_path / "w")]
    # what getrusage tells of a child counts its parent before the start, too
    program = (
        "import sys; from pathlib import Path; from spacegov.cli import main\n"
        "try: main()\n"
        "finally: print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    )
    made = [sys.executable, "-m", "spacegov", "new", str(tmp_path / "w"), "--crs", CRS]
    subprocess.run(made, check=True, capture_output=True)
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    said = [line for line in done.stderr.splitlines() if "drafted" not in line]
    assert len(said) == 1
    assert path.name in said[0]
    assert int(done.stdout.splitlines()[-1]) < 600_000
