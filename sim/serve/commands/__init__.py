"""What a region under `crdb serve` answers for itself, one file a subject (see `answers`)."""
