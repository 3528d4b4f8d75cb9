"""Benchmarks: ratios against a yardstick in the same process; they print and never gate."""
