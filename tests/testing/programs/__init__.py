"""Programs under test: payments that two payers must not both capture, by three designs."""
