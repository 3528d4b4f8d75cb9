"""The replicated data types, one file each. `base` says what a type must be."""
