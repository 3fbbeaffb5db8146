"""The errors spacegov raises.

Every message is one sentence that says what was given, what is needed and how to mend it. The class tells a program
what kind of fault it was, `exit_code` tells a shell: 2 the input is at fault, 3 part of the work failed and the rest
is saved, 4 the fault is ours.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SpacegovError(Exception):
    """Root of all errors that a user may meet."""

    exit_code: int = 4


class BadInput(SpacegovError, ValueError):
    """What was given cannot be answered; the message says how to mend it."""

    exit_code = 2


class UnknownName(BadInput):
    """A layer, tool, option, column or value that does not exist."""


class MissingColumn(BadInput):
    """A column that the question needs is not in the layer."""


class UnsuitableCrs(BadInput):
    """The coordinate reference system cannot carry the question."""


class WrongGeometry(BadInput):
    """The layer has another type of geometry than the question needs."""


class InvalidGeometry(BadInput):
    """Geometry without a defined area: self-crossing, unclosed, or otherwise broken."""


class EmptyLayer(BadInput):
    """A layer without a single feature or value where one is needed."""


class BadRaster(BadInput):
    """A raster without data, or not on the grid of the others."""


class UnreadableFile(BadInput):
    """A file that is absent, truncated or not what its name says."""


class InvalidDelivery(BadInput):
    """A delivery with faults that its layer does not allow; the store is as it was."""


class BadCard(BadInput):
    """A card, binding or policy table that breaks its model."""


class BadPolicy(BadInput):
    """A rule table that lacks what the question needs."""


class Unsolvable(BadInput):
    """A program or network question that has no solution under the given conditions."""


class PartlyFailed(SpacegovError):
    """Part of the work failed; the rest is saved and the message says where."""

    exit_code = 3


class Defect(SpacegovError):
    """An answer broke its own invariant; it is withheld, and the fault is ours."""

    exit_code = 4


class AreaBalanceError(Defect):
    """Pieces do not sum to what was cut."""


def shown(value: object, limit: int = 80) -> str:
    r"""Give a value as a message shows it: on one line, and cut where it is long.

    Examples
    --------
    >>> shown("a\nb"), shown("x" * 100, 10)
    ("'a\\nb'", "'xxxxxxxx…")
    """
    text = " ".join(repr(value).split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def suggest(name: str, names: Iterable[str], *, count: int = 3) -> str:
    """Give the end of a sentence that names the nearest valid names.

    Parameters
    ----------
    name : str
        What was given.
    names : iterable of str
        The valid names.
    count : int
        How many to name at most.

    Returns
    -------
    str
        `did you mean 'a' or 'b'?`, or the valid names when none is near.

    Examples
    --------
    >>> suggest("rivres", ["rivers", "roads"])
    "did you mean 'rivers'?"
    >>> suggest("x", ["rivers", "roads"])
    "valid names are 'rivers', 'roads'"
    """
    known = sorted(set(names))
    near = difflib.get_close_matches(name, known, n=count, cutoff=0.6)
    if not near and len(name) >= 3:
        near = [candidate for candidate in known if name.lower() in candidate.lower()][:count]
    if near:
        return f"did you mean {' or '.join(repr(candidate) for candidate in near)}?"
    if not known:
        return "there are none"
    shown = ", ".join(repr(candidate) for candidate in known[:8])
    rest = len(known) - 8
    return f"valid names are {shown}" + (f" and {rest} more" if rest > 0 else "")
