"""The idempotency designs under test, one file each; `base` says what a design is."""
