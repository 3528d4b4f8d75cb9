"""Tests of sweeps: their rows, their workers, their figures and the closed form."""
