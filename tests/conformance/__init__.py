"""The published vectors, and the runner that plays them."""
