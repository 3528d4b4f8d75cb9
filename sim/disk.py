"""A disk: files in a page cache above sectors, and what is left of them when power fails.

Rules
- Appending costs no time and promises nothing. What a file had when `fsync` began is on the disk
  when that calls back; the disk does one thing at a time, in the order in which it was asked.
- Power fails between two events. Of what was not synced there may be a beginning, or any of the
  sectors, each of which is written whole or not at all. Missing sectors read as zeros.
- A rename that was under way has happened or has not. What a file holds goes with it.
- A bit that was synced may rot. Nobody is told.

>>> from sim.engine import Engine
>>> from sim.latency import Constant
>>> from sim.rng import Dice
>>> engine, synced = Engine(), []
>>> disk = Disk(engine, Dice(1, "disk"), fsync=Constant(2_000))
>>> disk.append("log", b"tea"), disk.fsync("log", synced.append)
(None, None)
>>> engine.run()
>>> engine.now, synced
(2001, [3])
>>> disk.append("log", b", milk"), disk.power_loss()
(None, None)
>>> disk.read("log").startswith(b"tea")
True

Source: what file systems promise: Pillai et al., "All file systems are not created equal" (OSDI
2014); sectors are written whole: the data sheets of NVMe disks (AWUPF).
"""

from collections.abc import Callable, Container
from typing import Protocol

from sim.engine import Call, Engine
from sim.latency import Constant, Latency
from sim.rng import Dice

SECTOR_BYTES = 512
SECOND_US = 1_000_000

Done = Callable[[int], object]
"""Is given the size of the file, as it is now on the disk."""


class DiskFull(OSError):
    """What fitted was written; the rest was not."""


class Storage(Protocol):
    """Files, whether on a simulated disk or on a real one. Only the end of a file is written."""

    def append(self, name: str, data: bytes) -> None:
        """Raises `DiskFull`."""

    def truncate(self, name: str, size_bytes: int) -> None:
        """Cut off what was not synced. A file that is not there is made."""

    def fsync(self, name: str, done: Done) -> None: ...

    def rename(self, old: str, new: str, done: Done) -> None:
        """In one step, and on the disk when it calls back."""

    def remove(self, name: str) -> None:
        """Harmless if there is no such file."""

    def read(self, name: str) -> bytes | None:
        """None if there is no such file."""


class File:
    """Its data as programs see them, of which the first ``synced`` bytes are on the disk."""

    __slots__ = ("data", "synced")

    def __init__(self) -> None:
        self.data = bytearray()
        self.synced = 0


def torn(data: bytes, synced: int, kept: Container[int]) -> bytes:
    """What is on the disk if of the sectors beyond what was synced just these were written.

    ``kept`` has numbers of sectors, counted from the beginning of the file.

    >>> torn(b"a" * 512 + b"b" * 512 + b"c" * 9, 3, {0, 2})[510:] == b"aa" + bytes(512) + b"c" * 9
    True
    >>> torn(b"synced, not", 6, {})
    b'synced'
    """
    left = bytearray(data[:synced])
    for start in range(synced - synced % SECTOR_BYTES, len(data), SECTOR_BYTES):
        if start // SECTOR_BYTES in kept:
            end = min(start + SECTOR_BYTES, len(data))
            left.extend(bytes(max(0, end - len(left))))
            left[start:end] = data[start:end]
    return bytes(left)


class _Work:
    """One thing that the disk has to do: a sync, or a rename."""

    __slots__ = ("name", "new", "size", "told")

    def __init__(self, name: str, done: Done, new: str = "") -> None:
        self.name = name
        self.new = new
        """Of a rename."""
        self.told = [done]
        self.size = 0


class Disk:
    """One disk of one machine."""

    def __init__(
        self,
        engine: Engine,
        dice: Dice,
        *,
        fsync: Latency | None = None,
        bytes_per_s: int = 500_000_000,
        capacity_bytes: int | None = None,
    ) -> None:
        """``fsync``: how long one takes besides its bytes; a millisecond by default."""
        self.files: dict[str, File] = {}
        self.fsync_time = fsync or Constant(1_000)
        self.bytes_per_s = bytes_per_s
        self.capacity_bytes = capacity_bytes
        """None: it is never full."""
        self._engine = engine
        self._dice = dice
        self._works: list[_Work] = []
        """The first is being done."""
        self._call: Call | None = None

    @property
    def used_bytes(self) -> int:
        return sum(len(file.data) for file in self.files.values())

    def append(self, name: str, data: bytes) -> None:
        """Raises `DiskFull` once what still fitted is written."""
        file = self.files.setdefault(name, File())
        left = len(data)
        if self.capacity_bytes is not None:
            left = max(0, self.capacity_bytes - self.used_bytes)
        file.data += data[:left]
        if left < len(data):
            raise DiskFull(f"{name}: no space left for {len(data) - left} of {len(data)} bytes")

    def truncate(self, name: str, size_bytes: int) -> None:
        """Cut off what was not synced. Raises ValueError for what was."""
        file = self.files.setdefault(name, File())
        if size_bytes < file.synced:
            raise ValueError(f"{name}: {file.synced} bytes are on the disk, not {size_bytes}")
        del file.data[size_bytes:]

    def fsync(self, name: str, done: Done) -> None:
        """One that waits behind others serves all who ask for it meanwhile."""
        for waiting in self._works[1:]:
            if waiting.name == name and not waiting.new:
                waiting.told.append(done)
                return
        self._ask(_Work(name, done))

    def rename(self, old: str, new: str, done: Done) -> None:
        self._ask(_Work(old, done, new))

    def remove(self, name: str) -> None:
        self.files.pop(name, None)

    def read(self, name: str) -> bytes | None:
        file = self.files.get(name)
        return None if file is None else bytes(file.data)

    def moving_us(self, size_bytes: int) -> int:
        """How long so many bytes take, in or out."""
        return -(-size_bytes * SECOND_US // self.bytes_per_s)

    def _ask(self, work: _Work) -> None:
        self._works.append(work)
        if len(self._works) == 1:
            self._begin()

    def _begin(self) -> None:
        work = self._works[0]
        file = self.files.get(work.name) or File()
        work.size = len(file.data)
        unsynced = 0 if work.new else work.size - file.synced
        took_us = self.fsync_time.draw(self._dice) + self.moving_us(unsynced)
        self._call = self._engine.call_in(took_us, self._end)

    def _end(self, _: object) -> None:
        work = self._works.pop(0)
        self._do(work)
        if self._works:
            self._begin()
        for done in work.told:
            done(work.size)

    def _do(self, work: _Work) -> None:
        file = self.files.get(work.name)
        if file is None:
            return
        if work.new:
            self.files[work.new] = self.files.pop(work.name)
        else:
            file.synced = max(file.synced, min(work.size, len(file.data)))

    # ── what goes wrong ─────────────────────────────────────────────────────────────────────

    def power_loss(self) -> None:
        """Keep what was synced, and of the rest what the dice say. Nobody is called back."""
        works, self._works = self._works, []
        if self._call is not None:
            self._call.cancel()
        if works and works[0].new and self._dice.below(2):
            self._do(works[0])
        for _, file in sorted(self.files.items()):
            file.data = bytearray(self._left(bytes(file.data), file.synced))
            file.synced = len(file.data)

    def _left(self, data: bytes, synced: int) -> bytes:
        if self._dice.below(2):
            return data[: synced + self._dice.below(len(data) - synced + 1)]
        sectors = range(synced // SECTOR_BYTES, -(-len(data) // SECTOR_BYTES))
        return torn(data, synced, {each for each in sectors if self._dice.below(2)})

    def rot(self, name: str) -> int:
        """Flip one bit of a file, wherever in it; returns the byte's place.

        Raises ValueError for a file that has none.
        """
        file = self.files.get(name)
        if file is None or not file.data:
            raise ValueError(f"{name}: there is nothing that could rot")
        place = self._dice.below(8 * len(file.data))
        file.data[place // 8] ^= 1 << place % 8
        return place // 8
