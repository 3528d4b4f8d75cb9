"""Tests of the types, the context and the replica."""
