"""Use: where things may go, and how well land is used."""

from spacegov.tools.use.idle_land import find_idle_land

__all__ = ["find_idle_land"]
