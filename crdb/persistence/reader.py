"""A place in encoded bytes, and the one error for bytes that cannot be what they claim to be."""


class Unreadable(ValueError):
    """The bytes are damaged, cut short, or of another format. One line says which."""


class Reader:
    """Reads from the front. Raises `Unreadable` where the bytes end too early."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, size_bytes: int) -> bytes:
        end = self.at + size_bytes
        if not self.at <= end <= len(self.data):
            raise Unreadable(f"byte {self.at}: {size_bytes} bytes expected, {self.left} are left")
        found = self.data[self.at : end]
        self.at = end
        return found

    def byte(self) -> int:
        return self.take(1)[0]

    @property
    def left(self) -> int:
        """How many bytes are still to be read."""
        return len(self.data) - self.at
