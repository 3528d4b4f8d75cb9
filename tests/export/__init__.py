"""Tests of exports and of what is written from the structs of a scenario."""
