"""Tests of the command `crdb`."""
