"""Property tests of asyncio programs: what is found, shrunk, told, drawn and run again."""
