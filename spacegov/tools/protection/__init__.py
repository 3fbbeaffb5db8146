"""What must be kept: the tools of space protection."""

from spacegov.tools.protection.encroachment import Encroachments, monitor_encroachment

__all__ = ["Encroachments", "monitor_encroachment"]
