"""Tests of the checkers, on histories written by hand."""
