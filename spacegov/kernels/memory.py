"""One machine instruction that numba does not offer: a copy of bytes, at the speed of memory."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


def _copy_bytes(_: Any, target: Any, target_at: Any, source: Any, source_at: Any, count: Any) -> Any:
    """Copy `count` bytes from one array to another, wherever they stand.

    A loop over bytes takes four times as long: two arrays of bytes might overlap, which keeps it from being turned
    into a copy of memory. Here they never do.
    """
    del target_at, source_at, count  # their types are given by the signature
    signature = types.void(target, types.int64, source, types.int64, types.int64)
    copy_memory: Any = cgutils.raw_memcpy

    def generate(context: Any, builder: Any, called: Any, arguments: Any) -> Any:
        into = context.make_array(called.args[0])(context, builder, arguments[0])
        out_of = context.make_array(called.args[2])(context, builder, arguments[2])
        to = builder.gep(into.data, [arguments[1]])
        start = builder.gep(out_of.data, [arguments[3]])
        copy_memory(builder, to, start, arguments[4], 1, align=1)
        return context.get_dummy_value()

    return signature, generate


copy_bytes: Any = intrinsic(_copy_bytes)
