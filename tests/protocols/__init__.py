"""Tests of the idempotency designs, and of the users, payers and provider around them."""
