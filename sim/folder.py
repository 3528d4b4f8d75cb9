"""A folder: real files behind the interface of the simulated disk (`sim.disk.Storage`).

It calls back before it returns: whoever waits for an fsync here waits for the real one. A rename is
on the disk once its folder is synced too.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as place:
...     folder = Folder(Path(place))
...     folder.append("new", b"tea")
...     folder.fsync("new", print)
...     folder.rename("new", "log", print)
...     folder.read("log"), folder.read("new")
3
3
(b'tea', None)
"""

import errno
import os
from pathlib import Path

from sim.disk import DiskFull, Done


class Folder:
    """Files in one folder, which is made if it is not there."""

    def __init__(self, place: Path) -> None:
        self._place = place
        place.mkdir(parents=True, exist_ok=True)

    def append(self, name: str, data: bytes) -> None:
        """Raises `DiskFull`, and OSError for whatever else is wrong with the file."""
        try:
            with (self._place / name).open("ab", buffering=0) as file:
                while data:
                    data = data[file.write(data) :]
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFull(f"{name}: no space left for {len(data)} bytes") from None
            raise

    def truncate(self, name: str, size_bytes: int) -> None:
        with (self._place / name).open("ab") as file:
            file.truncate(size_bytes)

    def fsync(self, name: str, done: Done) -> None:
        with (self._place / name).open("rb") as file:
            os.fsync(file.fileno())
            size_bytes = os.fstat(file.fileno()).st_size
        done(size_bytes)

    def rename(self, old: str, new: str, done: Done) -> None:
        (self._place / old).replace(self._place / new)
        folder = os.open(self._place, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        done((self._place / new).stat().st_size)

    def remove(self, name: str) -> None:
        (self._place / name).unlink(missing_ok=True)

    def read(self, name: str) -> bytes | None:
        try:
            return (self._place / name).read_bytes()
        except FileNotFoundError:
            return None
