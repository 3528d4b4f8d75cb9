"""Lua for scripts and functions: a sandbox, its libraries, and what goes in and out of it.

It stands on `lupa`, which is an optional extra of the project; nothing here is imported by those
who run no scripts.
"""
