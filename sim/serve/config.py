"""The settings of one region's front, as CONFIG GET and SET know them.

Some have an effect here (`LIVE` and those read below); the others remember what they are told, as
clients and suites of tests expect, and what they are set to changes nothing. Values that cannot be
are refused in the words of Redis.

Source: https://redis.io/docs/latest/operate/oss_and_stack/management/config-file/
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from crdb import glob
from crdb.decimals import parse_int
from crdb.errors import CommandError
from crdb.pubsub import notifications

if TYPE_CHECKING:
    from sim.serve.front import Front

TABLE = """
    activedefrag            bool    no
    activerehashing         bool    yes
    active-expire-effort    int     1       1 10
    acllog-max-len          int     128     0
    aof-use-rdb-preamble    bool    yes
    appendfilename          fixed   appendonly.aof
    appendfsync             word    everysec  everysec always no
    appendonly              fixed   no
    auto-aof-rewrite-min-size   memory  67108864
    auto-aof-rewrite-percentage int     100 0 2147483647
    bind                    fixed   127.0.0.1
    busy-reply-threshold    int     5000    0
    client-output-buffer-limit  text \
normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60
    client-query-buffer-limit   memory  134217728
    cluster-enabled         fixed   no
    databases               fixed   1
    dbfilename              fixed   dump.rdb
    dir                     fixed   .
    hash-max-listpack-entries   int     512 0
    hash-max-listpack-value int     64      0
    hash-max-ziplist-entries    int     512 0
    hash-max-ziplist-value  int     64      0
    hll-sparse-max-bytes    int     3000    0
    hz                      int     10      0 2147483647
    io-threads              fixed   1
    latency-monitor-threshold   int     0   0
    latency-tracking        bool    yes
    lazyfree-lazy-eviction  bool    no
    lazyfree-lazy-expire    bool    no
    lazyfree-lazy-server-del    bool    no
    lazyfree-lazy-user-del  bool    no
    lazyfree-lazy-user-flush    bool    no
    lfu-decay-time          int     1       0
    lfu-log-factor          int     10      0
    list-compress-depth     int     0       0
    list-max-listpack-size  int     -2      -2147483648
    list-max-ziplist-size   int     -2      -2147483648
    logfile                 fixed
    loglevel                word    notice  debug verbose notice warning
    lua-time-limit          int     5000    0
    maxclients              int     10000   1 4294967295
    maxmemory               memory  0
    maxmemory-clients       memory  0
    maxmemory-policy        word    noeviction volatile-lru volatile-lfu volatile-random \
volatile-ttl allkeys-lru allkeys-lfu allkeys-random noeviction
    maxmemory-samples       int     5       1 2147483647
    min-replicas-to-write   int     0       0 2147483647
    notify-keyspace-events  events
    port                    fixed   0
    proto-max-bulk-len      memory  134217728
    protected-mode          fixed   yes
    repl-backlog-size       memory  1048576
    repl-diskless-sync      bool    yes
    replica-read-only       bool    yes
    requirepass             secret
    save                    text
    set-max-intset-entries  int     512     0
    set-max-listpack-entries    int     128 0
    set-max-listpack-value  int     64      0
    slowlog-log-slower-than int     10000   -1
    slowlog-max-len         int     128     0
    stream-node-max-bytes   memory  4096
    stream-node-max-entries int     100     0
    tcp-backlog             fixed   511
    tcp-keepalive           int     300     0 2147483647
    timeout                 int     0       0 2147483647
    tls-port                fixed   0
    tracking-table-max-keys int     1000000 0
    unixsocket              fixed
    zset-max-listpack-entries   int     128 0
    zset-max-listpack-value int     64      0
    zset-max-ziplist-entries    int     128 0
    zset-max-ziplist-value  int     64      0
"""
"""Name, kind, default, and what it may be: the words, or from where to where."""

INT_MAX = 2**63 - 1

UNITS = {b"": 1, b"b": 1, b"k": 1000, b"kb": 1024, b"m": 10**6, b"mb": 1024**2}
UNITS |= {b"g": 10**9, b"gb": 1024**3}

EVENTS = "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."


class Config:
    """The settings in effect."""

    def __init__(self, front: "Front") -> None:
        self._front = front
        self._kinds: dict[str, tuple[str, list[str]]] = {}
        self.values: dict[str, str] = {}
        for line in TABLE.strip().splitlines():
            name, kind, *rest = line.split()
            whole = kind == "text"
            self.values[name] = " ".join(rest) if whole else (rest or [""])[0]
            self._kinds[name] = kind, [] if whole else rest[1:]

    def number(self, name: str) -> int:
        """The value of a number; raises KeyError."""
        return int(self.values[name])

    @property
    def unread_bytes_max(self) -> int:
        """How much may wait for a client that listens to channels, and does not read."""
        words = self.values["client-output-buffer-limit"].split()
        return int(words[words.index("pubsub") + 1]) or INT_MAX

    def matching(self, patterns: Iterable[bytes]) -> dict[str, str]:
        """The settings whose names match one of these, without regard to case."""
        matches = [glob.matcher(pattern.lower()) for pattern in patterns]
        return {
            name: value
            for name, value in self.values.items()
            if any(match(name.encode()) for match in matches)
        }

    def set(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        """Set all of these, or none. Raises `CommandError`."""
        changed: dict[str, str] = {}
        for word, value in pairs:
            name = word.decode(errors="replace").lower()
            if name not in self.values:
                text = f"Unknown option or number of arguments for CONFIG SET - '{name}'"
                raise CommandError(f"ERR {text}")
            try:
                if name in changed:
                    raise ValueError("duplicate parameter")
                changed[name] = self._read(name, value)
            except ValueError as error:
                where = f"possibly related to argument '{name}'"
                raise CommandError(f"ERR CONFIG SET failed ({where}) - {error}") from None
        self.values |= changed
        for name, text in changed.items():
            self._live(name, text)

    def _read(self, name: str, word: bytes) -> str:
        """A value in the form in which it is kept. Raises ValueError."""
        kind, most = self._kinds[name]
        text = word.decode(errors="replace")
        if kind == "fixed" and text.lower() != self.values[name]:
            raise ValueError("can't set immutable config")
        if kind == "bool" and text.lower() not in ("yes", "no"):
            raise ValueError("argument must be 'yes' or 'no'")
        if kind == "word" and text.lower() not in most:
            shown = ", ".join(dict.fromkeys(most))
            raise ValueError(f"argument(s) must be one of the following: {shown}")
        if kind == "int":
            return _integer(word, *(int(each) for each in most))
        if kind == "memory":
            return _memory(word)
        if kind == "events":
            return _events(text)
        if name == "client-output-buffer-limit":
            return self._limits(text)
        return text if kind in ("text", "secret") else text.lower()

    def _limits(self, text: str) -> str:
        words = text.split()
        if len(words) % 4:
            raise ValueError("Wrong number of arguments in buffer limit configuration.")
        held = self.values["client-output-buffer-limit"].split()
        for at in range(0, len(words), 4):
            kind = {"replica": "slave"}.get(words[at].lower(), words[at].lower())
            if kind not in ("normal", "slave", "pubsub"):
                raise ValueError("Invalid client class specified in buffer limit configuration.")
            numbers = [_memory(each.encode()) for each in words[at + 1 : at + 3]]
            begin = held.index(kind) + 1
            held[begin : begin + 3] = [*numbers, words[at + 3]]
        return " ".join(held)

    def _live(self, name: str, value: str) -> None:
        """Let a setting have its effect."""
        front = self._front
        if name == "notify-keyspace-events":
            front.notify(value)
        elif name == "slowlog-log-slower-than":
            front.counts.slow_us = float(value) if int(value) >= 0 else float("inf")
        elif name == "slowlog-max-len":
            front.counts.keep(int(value))
        elif name == "requirepass":
            front.access.require(value)


def _integer(word: bytes, least: int = 0, most: int = INT_MAX) -> str:
    number = parse_int(word)
    if number is None:
        raise ValueError("argument couldn't be parsed into an integer")
    if not least <= number <= most:
        raise ValueError(f"argument must be between {least} and {most} inclusive")
    return str(number)


def _memory(word: bytes) -> str:
    digits = word.rstrip(b"bBkKmMgG")
    number, unit = parse_int(digits), UNITS.get(word[len(digits) :].lower())
    if number is None or number < 0 or unit is None:
        raise ValueError("argument must be a memory value")
    return str(number * unit)


def _events(text: str) -> str:
    try:
        notifications(text)
    except ValueError:
        raise ValueError(EVENTS) from None
    return text
