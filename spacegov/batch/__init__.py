"""Batches: the same questions asked of every zone of a territory, with every value of their parameters.

A plan (`plan.py`) names zones, tools or scenarios and parameters; `run_batch` answers each part in a worker process,
keeps what failed apart, and puts the answers together. A part is an ordinary run of a tool or scenario on a workspace
whose layers are cut to the zone (`cuts.py`).
"""

from __future__ import annotations

from spacegov.batch.plan import Plan, read_plan
from spacegov.batch.run import Batch, run_batch

__all__ = ["Batch", "Plan", "read_plan", "run_batch"]
