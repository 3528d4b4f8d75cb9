"""Tests of the lab: what a person at a notebook sees."""
