"""What must be kept: the tools of space protection."""

from spacegov.tools.protection.encroachment import Encroachments, monitor_encroachment
from spacegov.tools.protection.landscape import LandscapeMetrics, measure_landscape

__all__ = ["Encroachments", "LandscapeMetrics", "measure_landscape", "monitor_encroachment"]
