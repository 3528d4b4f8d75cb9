"""Tests of the metrics, on histories written by hand."""
