"""Values to bytes and back: what is sent, and what is kept.

`format` is the door: a delta, a state or a message in, bytes with a checksum out. `columns` derives
the layout from the fields that a class declares, so a data type brings no codec of its own;
`integers` writes the numbers. No file is opened here: whoever has one writes the bytes.

What is kept on a disk are `frames`: a `snapshot`, and behind it the records of an append-only log
(`aof`), which a `journal` makes of what goes through a replica's doors, and which `recovery` makes
a replica of again.
"""
