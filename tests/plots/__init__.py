"""Tests of the plots: what is drawn, and that it is drawn the same every time."""
