"""The sample county and larger ones: invented land that behaves like land, with answers known beforehand."""
