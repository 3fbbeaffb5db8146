"""The toolbox: binds a tool's card to its function, runs it, and keeps what it did."""

from __future__ import annotations

from spacegov.toolbox.policy import policy_names, read_policy

__all__ = ["policy_names", "read_policy"]
