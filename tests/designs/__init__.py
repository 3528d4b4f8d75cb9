"""Tests of the designs as `redis.asyncio` code, against the models of the same name."""
