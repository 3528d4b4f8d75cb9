"""The server, called by real clients over loopback."""
