"""Areas by class of layers larger than memory: the left layer part by part, the right from a cache of its parts.

Each thread takes the next part of the left layer, and the parts of the right layer whose boxes meet it. Pair areas do
not depend on how the layers are parted and sums do not depend on their order, so the answer is that of one piece.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from spacegov.kernels.classes import ClassBook
from spacegov.kernels.frame_parts import Parts
from spacegov.kernels.intake import Care, take_column
from spacegov.kernels.matching import join_slice, match_self
from spacegov.kernels.parallel import in_threads
from spacegov.kernels.pieces import Pieces, cut_pieces
from spacegov.kernels.projection import EqualArea, project_ragged
from spacegov.kernels.ragged import FloatArray, IntArray, Ragged
from spacegov.kernels.rings import extent, geometry_areas
from spacegov.kernels.totals import ExactTotals
from spacegov.kernels.tree import Tree, build_tree

# rows of the left layer taken at once
_BATCH_ROWS = 1 << 16
# parsed parts of the right layer kept
_CACHE_BYTES = 384 << 20


class Part(NamedTuple):
    """A part of a layer, ready to be joined.

    Attributes
    ----------
    layer : Ragged
        Its polygons in the plane in which areas are taken.
    pieces : Pieces
        The polygons cut.
    codes, classes : int64
        Class of each row within the part; what these are in the layer's book.
    box : float64 (4,)
        Box in the layer's own coordinates.
    first_row : int
        Row number of its first polygon.
    """

    layer: Ragged
    pieces: Pieces
    codes: IntArray
    classes: IntArray
    box: FloatArray
    first_row: int


class PartWithTree(NamedTuple):
    """A part of the right layer, with the tree over its pieces."""

    part: Part
    tree: Tree


@dataclass
class PartReader:
    """Reads parts of one layer.

    Attributes
    ----------
    file : Parts
        The layer.
    column : str
        Its class column.
    care : Care
        What to do about invalid polygons.
    projection : EqualArea or None
        Where areas are ellipsoidal.
    book : ClassBook
        Numbers of the classes met.
    """

    file: Parts
    column: str
    care: Care
    projection: EqualArea | None
    book: ClassBook = field(default_factory=ClassBook)

    @property
    def columns(self) -> list[str]:
        """The columns to read."""
        return list(dict.fromkeys([self.column, self.file.geometry]))

    def prepare(self, table: Any, first_row: int) -> Part:
        """Parse, check, project and cut a table of rows."""
        part = f" (rows {first_row} to {first_row + table.num_rows - 1})"
        geometry = table[self.file.geometry]
        own = take_column(geometry, self.file.name, care=self.care, threads=1, first_row=first_row, part=part)
        box = np.array(extent(own.boxes))
        layer = own if self.projection is None else project_ragged(own, self.projection)
        codes, classes = self.book.number(table[self.column])
        return Part(layer, cut_pieces(layer), codes, classes, box, first_row)


class RightParts:
    """The row groups of the right layer, the most recently used kept parsed."""

    def __init__(self, reader: PartReader) -> None:
        self.reader = reader
        self._kept: OrderedDict[int, PartWithTree] = OrderedDict()
        self._bytes = 0
        self._loading: dict[int, threading.Event] = {}
        self._lock = threading.Lock()
        known = reader.file.group_boxes
        # without statistics the boxes are found by reading every row group once
        self.boxes = (
            known
            if known is not None
            else np.array([self.get(g).part.box for g in range(reader.file.groups)]).reshape(-1, 4)
        )

    def meeting(self, box: FloatArray) -> IntArray:
        """Row groups whose box overlaps the given one."""
        apart = (
            (self.boxes[:, 0] >= box[2])
            | (self.boxes[:, 2] <= box[0])
            | (self.boxes[:, 1] >= box[3])
            | (self.boxes[:, 3] <= box[1])
        )
        return np.flatnonzero(~apart)

    def get(self, group: int) -> PartWithTree:
        """Give a row group, parsed by this thread or by the one that asked first."""
        while True:
            with self._lock:
                if group in self._kept:
                    self._kept.move_to_end(group)
                    return self._kept[group]
                event = self._loading.get(group)
                if event is None:
                    self._loading[group] = threading.Event()
            if event is None:
                return self._load(group)
            event.wait()

    def _load(self, group: int) -> PartWithTree:
        """Read a row group and keep it; the least recently used make room."""
        try:
            table = self.reader.file.read_group(group, self.reader.columns)
            part = self.reader.prepare(table, self.reader.file.first_rows[group])
            loaded = PartWithTree(part, build_tree(part.pieces.boxes))
            with self._lock:
                self._kept[group] = loaded
                self._bytes += _size(loaded)
                while self._bytes > _CACHE_BYTES and len(self._kept) > 1:
                    _, old = self._kept.popitem(last=False)
                    self._bytes -= _size(old)
            return loaded
        finally:
            with self._lock:
                self._loading.pop(group).set()


def _size(loaded: PartWithTree) -> int:
    """Bytes of the arrays of a part."""
    part = loaded.part
    arrays = [part.layer.coordinates, part.pieces.cut_coordinates, part.layer.boxes, part.pieces.boxes, part.codes]
    # offsets, owners and the tree weigh about as much as the boxes
    return sum(array.nbytes for array in arrays) + 3 * part.pieces.boxes.nbytes


class Streamed(NamedTuple):
    """What a pass over the left layer found."""

    pairs: ExactTotals
    wholes: ExactTotals


def stream_class_areas(left: PartReader, right: RightParts, box_area: float, *, wholes: bool, threads: int) -> Streamed:
    """Sum areas by pair of classes over the whole left layer.

    Parameters
    ----------
    left : PartReader
        The left layer.
    right : RightParts
        The right layer.
    box_area : float
        About the largest area a single pair may have.
    wholes : bool
        Also sum the whole area of each left class; else row groups that meet no right one are not even read.
    threads : int
        Threads to use.
    """
    groups = _groups_to_read(left.file, right, wholes=wholes)
    take = _shared_batches(left, groups, threads)

    def work(_: int) -> Streamed:
        sums = Streamed(ExactTotals(box_area), ExactTotals(box_area))
        for first_row, table in take():
            part = left.prepare(table, first_row)
            del table
            _add_part(part, right, sums, wholes=wholes)
        return sums

    total = Streamed(ExactTotals(box_area), ExactTotals(box_area))
    for sums in in_threads(work, range(threads), threads):
        total.pairs.merge(sums.pairs)
        total.wholes.merge(sums.wholes)
    return total


def _add_part(part: Part, right: RightParts, sums: Streamed, *, wholes: bool) -> None:
    """Join one part of the left layer with all that meets it."""
    rows = (0, len(part.layer))
    for group in right.meeting(part.box):
        other, tree = right.get(int(group))
        a, b, areas = join_slice(part.layer, part.pieces, other.layer, other.pieces, tree, rows, upper_only=False)
        sums.pairs.add(part.codes[a], other.codes[b], areas, part.classes, other.classes)
    if wholes:
        areas = np.zeros(len(part.layer))
        geometry_areas(part.layer.coordinates, part.layer.ring_offsets, part.layer.geometry_offsets, areas)
        only = np.zeros(1, np.int64)
        sums.wholes.add(part.codes, np.zeros(len(areas), np.int64), areas, part.classes, only)


def _groups_to_read(file: Parts, right: RightParts, *, wholes: bool) -> list[int]:
    """Row groups of the left file that matter, neighbours one after the other."""
    groups = list(range(file.groups))
    if wholes or file.group_boxes is None:
        return groups
    return [g for g in groups if len(right.meeting(file.group_boxes[g]))]


def _shared_batches(reader: PartReader, groups: list[int], threads: int) -> Callable[[], Iterator[tuple[int, Any]]]:
    """Give a source of batches that several threads draw from.

    With row groups enough, each thread decodes its own; a file of few groups is decoded by one thread at a time.
    """
    lock = threading.Lock()
    file = reader.file
    if len(groups) >= 2 * threads:
        waiting = iter(groups)

        def by_group() -> Iterator[tuple[int, Any]]:
            while True:
                with lock:
                    group = next(waiting, None)
                if group is None:
                    return
                yield from file.batches([group], reader.columns, _BATCH_ROWS)

        return by_group
    batches = file.batches(groups, reader.columns, _BATCH_ROWS)

    def by_batch() -> Iterator[tuple[int, Any]]:
        while True:
            with lock:
                batch = next(batches, None)
            if batch is None:
                return
            yield batch

    return by_batch


class Overlap(NamedTuple):
    """How far a layer overlaps itself: sum, pairs, rows of the largest, and the layer's own area."""

    area: float
    pairs: int
    first: int
    second: int
    whole: float


def self_overlap(parts: RightParts) -> Overlap:
    """Sum what the polygons of a layer have in common with one another."""
    areas, wholes, count = [], [], 0
    worst = (0.0, 0, 0)
    for group in range(len(parts.boxes)):
        part = parts.get(group).part
        own = np.zeros(len(part.layer))
        geometry_areas(part.layer.coordinates, part.layer.ring_offsets, part.layer.geometry_offsets, own)
        wholes.append(float(own.sum()))
        found = [(part.first_row, *match_self(part.layer, threads=1))]
        for other_group in parts.meeting(parts.boxes[group]):
            if other_group > group:
                other, tree = parts.get(int(other_group))
                rows = (0, len(part.layer))
                pairs = join_slice(part.layer, part.pieces, other.layer, other.pieces, tree, rows, upper_only=False)
                found.append((other.first_row, *pairs))
        for second_row, a, b, shared in found:
            areas.append(float(shared.sum()))
            count += len(shared)
            if len(shared) and shared.max() > worst[0]:
                k = int(shared.argmax())
                worst = (float(shared[k]), part.first_row + int(a[k]), second_row + int(b[k]))
    return Overlap(float(np.sum(areas)), count, worst[1], worst[2], float(np.sum(wholes)))
