"""Tests of the commands: at their edges, and against a real server."""
