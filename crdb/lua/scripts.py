"""The scripts and functions of one replica, and how they run.

Commands in a script are one group, like those of a transaction, so that every peer applies all of
them or none; of the script itself nothing travels. An error ends the script, and what it has
written so far stays, as in Redis. Scripts and functions are of their region alone: the others have
to be given them too.

How long a script may run is counted in instructions and not in time, so that every run of the
simulator ends in the same way. That is our choice, and so are the number and the error's text.
"""

import re
from collections.abc import Callable
from functools import partial
from hashlib import sha1
from typing import Any, NamedTuple

from crdb.command import Command, Reply, keys_of, lookup
from crdb.errors import CommandError, quoted, quoting, stale
from crdb.lua.boot import BOOT
from crdb.lua.libraries import BIT, Chance, Json, Refused, answering
from crdb.lua.values import Values, argument
from crdb.notices import perform
from crdb.session import Request
from crdb.slots import slot
from crdb.transaction import Transaction

INSTRUCTIONS_MAX = 20_000_000
STEP = 1_000
MEMORY_MAX = 256 << 20

NO_WRITES = b"no-writes"
FLAGS = (NO_WRITES, b"allow-oom", b"allow-stale", b"no-cluster", b"allow-cross-slot-keys")
NAME = re.compile(rb"\w+", re.ASCII)

READ_ONLY = "ERR Write commands are not allowed from read-only scripts."
NOT_LOCAL = "ERR Attempted to access a non local key in a cluster node"
MORE_SLOTS = "ERR Script attempted to access keys that do not hash to the same slot"
WRONG_NUMBER = "Wrong number of args calling Redis command"
NAMES_ARE = (
    " names can only contain letters, numbers, or underscores(_) "
    "and must be at least one character long"
)


class Function(NamedTuple):
    """What a library has registered under a name."""

    body: Any
    description: bytes | None
    flags: tuple[bytes, ...]


class Library(NamedTuple):
    code: bytes
    functions: dict[bytes, Function]


class Scripts:
    """One interpreter of Lua with what it has been given."""

    def __init__(self, txn: Transaction) -> None:
        self.sources: dict[bytes, bytes] = {}
        """SHA1 in hexadecimal -> script."""
        self.libraries: dict[bytes, Library] = {}
        self._chunks: dict[bytes, Any] = {}
        self._txn = txn
        self._read_only = False
        self._slot: int | None = None
        """Of the keys that the script which runs has named or used."""
        self._registered: dict[bytes, Function] = {}
        self._start()

    def _start(self) -> None:
        lua51 = interpreter()
        lua = lua51.LuaRuntime(
            encoding=None,
            register_eval=False,
            register_builtins=False,
            unpack_returned_tuples=True,
            attribute_filter=refuse_attribute,
            max_memory=MEMORY_MAX,
        )
        self._table = partial(lua.table_from, recursive=False)
        chance = self._chance = Chance()
        json = Json(self._table, lua51.lua_type)
        asked: dict[str, Callable[..., Any]] = {
            "call": self._call,
            "setresp": self._setresp,
            "set_repl": refuse_set_repl,
            "sha1hex": sha1hex,
            "register": self._register,
            "random": chance.random,
            "seed": chance.seed,
            "encode": json.encode,
            "decode": json.decode,
        }
        functions: dict[bytes, Any] = {
            name.encode(): answering(function) for name, function in asked.items()
        }
        bits = {name.encode(): answering(function) for name, function in BIT.items()}
        functions[b"bit"] = self._table(bits)
        parts = lua.execute(BOOT, self._table(functions), INSTRUCTIONS_MAX, STEP)
        self._compile, self._run_script, self._load_library, self._run, json.null, rawget = parts
        self._values = Values(self._table, lua51.lua_type, rawget)

    # ── scripts ─────────────────────────────────────────────────────────────────────────────

    def load(self, source: bytes) -> bytes:
        """Keep a script; its SHA1. Raises `CommandError` if it cannot be compiled."""
        sha = sha1(source).hexdigest().encode()
        if sha not in self.sources:
            _, _, body = head_of(source)
            chunk = self._compile(body, b"@user_script")
            if isinstance(chunk, tuple):
                raise quoting(b"ERR Error compiling script (new function): " + chunk[1])
            self.sources[sha], self._chunks[sha] = source, chunk
        return sha

    def flush(self) -> None:
        self.sources.clear()
        self._chunks.clear()

    def evaluate(
        self, txn: Transaction, sha: bytes, keys: Request, words: Request, read_only: bool
    ) -> Reply:
        flags, _, _ = head_of(self.sources[sha])
        self._slot = slot(keys[0]) if keys else None
        run = partial(self._run_script, self._chunks[sha], *self._lists(keys, words))
        return self._running(txn, sha, run, read_only or NO_WRITES in flags)

    # ── functions ───────────────────────────────────────────────────────────────────────────

    def load_library(self, code: bytes, replace: bool) -> bytes:
        """Keep a library with its functions; its name."""
        if not code.startswith(b"#!"):
            raise CommandError("ERR Missing library metadata")
        _, name, body = head_of(code, of_library=True)
        if name in self.libraries and not replace:
            raise quoting(b"ERR Library '%s' already exists" % name)
        chunk = self._compile(body, b"@user_function")
        if isinstance(chunk, tuple):
            raise quoting(b"ERR Error compiling function: " + chunk[1])
        self._registered = {}
        self._chance.seed(0)
        ok, *problem = self._load_library(chunk)
        if not ok:
            raise quoting(b"ERR Error registering functions: " + problem[0])
        if not self._registered:
            raise CommandError("ERR No functions registered")
        if not all(map(NAME.fullmatch, self._registered)):
            raise CommandError(f"ERR Function{NAMES_ARE}")
        for other, library in self.libraries.items():
            taken = self._registered.keys() & library.functions.keys()
            if other != name and taken:
                raise quoting(b"ERR Function %s already exists" % min(taken))
        self.libraries[name] = Library(code, self._registered)
        return name

    def function(self, name: bytes) -> Function:
        for library in self.libraries.values():
            if name in library.functions:
                return library.functions[name]
        raise CommandError("ERR Function not found")

    def call_function(
        self, txn: Transaction, name: bytes, keys: Request, words: Request, read_only: bool
    ) -> Reply:
        function = self.function(name)
        if read_only and NO_WRITES not in function.flags:
            raise CommandError("ERR Can not execute a script with write flag using *_ro command.")
        self._slot = slot(keys[0]) if keys else None
        run = partial(self._run, function.body, *self._lists(keys, words))
        return self._running(txn, name, run, read_only=NO_WRITES in function.flags)

    def _register(self, given: Any) -> None:
        """What a library calls while it is loaded."""
        named = {bytes(key): value for key, value in given.items() if isinstance(key, bytes)}
        body, name = named.pop(b"callback", None), named.pop(b"function_name", None)
        description, flags = named.pop(b"description", None), named.pop(b"flags", None)
        if named:
            raise Refused("ERR unknown argument given to redis.register_function")
        if not isinstance(name, bytes):
            raise Refused("ERR redis.register_function must get a function name argument")
        if body is None:
            raise Refused("ERR redis.register_function must get a callback argument")
        if isinstance(body, bytes | int | float) or interpreter().lua_type(body) != "function":
            raise Refused("ERR second argument to redis.register_function must be a function")
        listed = tuple(flags.values()) if flags is not None else ()
        if any(flag not in FLAGS for flag in listed):
            raise Refused("ERR unknown flag given")
        if name in self._registered:
            raise Refused("ERR Function already exists in the library")
        self._registered[name] = Function(body, description, listed)

    # ── running ─────────────────────────────────────────────────────────────────────────────

    def _lists(self, keys: Request, words: Request) -> tuple[Any, Any]:
        return self._table(list(keys)), self._table(list(words))

    def _running(
        self, txn: Transaction, name: bytes, run: Callable[[], Any], read_only: bool
    ) -> Reply:
        self._txn, self._read_only, self._values.protocol = txn, read_only, 2
        self._chance.seed(0)
        writing = txn.writing
        try:
            with txn.undivided():
                ok, *value = run()
        finally:
            txn.writing = writing
        if ok:
            return self._values.to_redis(value[0] if value else None)
        text, source, line = (*value, None, None)[:3]
        if not isinstance(text, bytes):
            text = b"ERR unknown error"
        where = b", on %s:%d" % (source, line) if isinstance(source, bytes) and line else b""
        raise quoting(b"%s script: %s%s." % (text, name, where))

    def _call(self, *words: Any) -> Any:
        """A command of the script that runs: its reply, of which an error is one too."""
        if not words:
            raise Refused("ERR Please specify at least one argument for this call")
        request = [word for each in words if (word := argument(each)) is not None]
        if len(request) < len(words):
            raise Refused("ERR Command arguments must be strings or integers")
        txn = self._txn
        found = self._allowed(request)
        txn.writing = found.write
        try:
            return self._values.to_lua(perform(txn, found, request))
        except CommandError as error:
            raise Refused(str(error)) from None

    def _allowed(self, request: Request) -> Command:
        """The command, if a script may call it."""
        try:
            found = lookup(request)
        except CommandError as error:
            unknown = not str(error).startswith("ERR wrong number of arguments")
            what = "Unknown Redis command called" if unknown else WRONG_NUMBER
            raise Refused(f"ERR {what} from script") from None
        if "noscript" in found.flags:
            raise Refused("ERR This Redis command is not allowed from script")
        if found.write and self._read_only:
            raise Refused(READ_ONLY)
        if found.write and self._txn.stale:
            raise Refused(str(stale()))
        if self._txn.settings.slots is not None:
            self._check_slots(keys_of(found, request), *self._txn.settings.slots)
        return found

    def _check_slots(self, keys: list[bytes], first: int, last: int) -> None:
        """In a cluster a script may use the keys of one slot only."""
        slots = {slot(key) for key in keys}
        if len(slots) > 1 or any(not first <= number <= last for number in slots):
            raise Refused(NOT_LOCAL)
        for number in slots:
            if self._slot not in (None, number):
                raise Refused(MORE_SLOTS)
            self._slot = number

    def _setresp(self, protocol: Any = None) -> None:
        if protocol not in (2, 3):
            raise Refused("ERR RESP version must be 2 or 3.")
        self._values.protocol = int(protocol)


def interpreter() -> Any:
    """Lua 5.1, as in Redis; its tables are also walked in the same order in every run."""
    try:
        from lupa import lua51
    except ImportError:
        raise CommandError("ERR scripts need Lua: pip install 'crdb-sim[scripts]'") from None
    return lua51


def refuse_attribute(of: object, name: object, is_setting: bool) -> str:
    raise AttributeError("no attribute of Python is reachable from a script")


def refuse_set_repl(*words: Any) -> None:
    raise Refused("ERR redis.set_repl() is not supported in Active-Active databases")


def sha1hex(*words: Any) -> bytes:
    if len(words) != 1 or not isinstance(words[0], bytes | int | float):
        raise Refused("ERR wrong number of arguments")
    return sha1(argument(words[0]) or b"").hexdigest().encode()


def head_of(source: bytes, of_library: bool = False) -> tuple[tuple[bytes, ...], bytes, bytes]:
    """Flags, library name, and the code without the first line if that is ``#!lua …``.

    The line's end stays, so that the numbers of the lines do.
    """
    if not source.startswith(b"#!"):
        return (), b"", source
    first, end, rest = source.partition(b"\n")
    engine, *options = first[2:].split()
    if engine.lower() != b"lua":
        if of_library:
            raise quoting(b"ERR Engine '%s' not found" % quoted(engine))
        raise quoting(b"ERR Unexpected engine in script shebang: %s" % quoted(engine))
    flags: tuple[bytes, ...] = ()
    name = b""
    for option in options:
        key, _, value = option.partition(b"=")
        if key == b"name" and of_library:
            name = value
        elif key == b"flags" and not of_library:
            flags = tuple(flag for flag in value.split(b",") if flag)
        elif of_library:
            raise quoting(b"ERR Invalid metadata value given: %s" % quoted(option))
        else:
            raise quoting(b"ERR Unknown lua shebang option: %s" % quoted(option))
    unknown = [flag for flag in flags if flag not in FLAGS]
    if unknown:
        raise quoting(b"ERR Unexpected flag in script shebang: %s" % quoted(unknown[0]))
    if of_library and not name:
        raise CommandError("ERR Library name was not given")
    if of_library and NAME.fullmatch(name) is None:
        raise CommandError(f"ERR Library{NAMES_ARE}")
    return flags, name, end + rest
