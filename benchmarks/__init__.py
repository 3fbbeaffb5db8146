"""Measurements beside other programs: `python -m benchmarks areas`.

Every program gets the same files and is run in a process of its own, on the same machine in the same session; figures
are ratios. Answers are compared, and a benchmark whose answers differ fails.
"""
