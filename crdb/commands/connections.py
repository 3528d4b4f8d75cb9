"""The connection: which protocol it speaks, who is at its other end, and its end.

Without a host (see `crdb.host`) there are no users and no passwords: whoever says to be
``default`` is believed, as by a Redis without a password. RESET is refused, as by the product.
Whoever holds the connection gives the session its number and address, and closes it when the
session says so. CLIENT INFO tells what there is to know here, in the form of Redis.

Source: https://redis.io/docs/latest/commands/?group=connection
"""

from crdb.command import Reply, command
from crdb.decimals import parse_int
from crdb.errors import CommandError, quoted, quoting, syntax
from crdb.session import Session
from crdb.transaction import Transaction

VERSION = "7.4.0"
"""What HELLO says it is: the version of Redis whose commands are here."""

SERVER = {b"server": b"redis", b"version": VERSION.encode()}

PROTOCOLS = (2, 3)

FIRST = ("noscript", "loading", "stale", "fast", "no_auth", "allow_busy")
ABOUT = ("noscript", "loading", "stale", "allow_busy")


@command("hello", -1, *FIRST)
def hello(txn: Transaction, *words: bytes) -> Reply:
    session = txn.session
    protocol = session.protocol
    if words:
        number = parse_int(words[0])
        if number is None:
            raise CommandError("ERR Protocol version is not an integer or out of range")
        if number not in PROTOCOLS:
            raise CommandError("NOPROTO unsupported protocol version")
        protocol = number
    name = _options(session, words[1:])
    if name is not None:
        session.name = name
    session.protocol = protocol
    end_ = {b"mode": b"standalone", b"role": b"master", b"modules": []}
    return {**SERVER, b"proto": protocol, b"id": session.number, **end_}


def _options(session: Session, words: tuple[bytes, ...]) -> bytes | None:
    """Check who it says it is; returns the name it takes, if any."""
    said, name, at = None, None, 0
    while at < len(words):
        option, rest = words[at].upper(), words[at + 1 :]
        if option == b"AUTH" and len(rest) >= 2:
            said = rest[:2]
            at += 3
        elif option == b"SETNAME" and rest:
            name = _plain(rest[0], "Client names")
            at += 2
        else:
            raise quoting(b"ERR Syntax error in HELLO option '%s'" % quoted(words[at]))
    if said is not None:
        _admit(session, *said)
    return name


@command("auth", -2, *FIRST)
def auth(txn: Transaction, *words: bytes) -> Reply:
    if len(words) > 2:
        raise syntax()
    user = words[0] if len(words) == 2 else None
    _admit(txn.session, user, words[-1])
    return "OK"


def _admit(session: Session, user: bytes | None, password: bytes) -> None:
    if session.host is not None:
        session.host.admit(session, user, password)
    elif user is None:
        raise CommandError(
            "ERR AUTH <password> called without any password configured for the default user. "
            "Are you sure your configuration is correct?"
        )
    elif user != b"default":
        raise wrong_password()


def wrong_password() -> CommandError:
    return CommandError("WRONGPASS invalid username-password pair or user is disabled.")


# As EXEC, Redis lets it through while MULTI queues.
@command("quit", -1, "immediate", *FIRST)
def quit_(txn: Transaction, *words: bytes) -> Reply:
    txn.session.closing = True
    return "OK"


@command("client|id", 2, *ABOUT)
def id_(txn: Transaction, word: bytes) -> Reply:
    return txn.session.number


@command("client|getname", 2, *ABOUT)
def getname(txn: Transaction, word: bytes) -> Reply:
    return txn.session.name or None


@command("client|setname", 3, *ABOUT)
def setname(txn: Transaction, word: bytes, name: bytes) -> Reply:
    txn.session.name = _plain(name, "Client names")
    return "OK"


@command("client|setinfo", 4, *ABOUT)
def setinfo(txn: Transaction, word: bytes, option: bytes, value: bytes) -> Reply:
    what = option.lower()
    if what not in (b"lib-name", b"lib-ver"):
        raise quoting(b"ERR Unrecognized option '%s'" % quoted(option))
    txn.session.library[what] = _plain(value, option.decode())
    return "OK"


def _plain(word: bytes, what: str) -> bytes:
    if any(not ord("!") <= byte <= ord("~") for byte in word):
        raise CommandError(f"ERR {what} cannot contain spaces, newlines or special characters.")
    return word


@command("client|info", 2, "noscript", "loading", "stale")
def info(txn: Transaction, word: bytes) -> Reply:
    host = txn.session.host
    if host is None or "client|info" not in host.commands:
        return described(txn.session)
    told: Reply = host.commands["client|info"](txn, word)
    return told


def described(session: Session) -> bytes:
    """A session as CLIENT INFO shows it."""
    kinds = [len(session.subscriptions.get(kind, ())) for kind in ("", "p", "s")]
    listens, queue = any(kinds), session.queue
    flags = b"P" * listens + b"x" * (queue is not None) + b"d" * session.dirty or b"N"
    fields: dict[bytes, bytes | int] = {
        b"id": session.number,
        b"addr": session.address,
        b"name": session.name,
        b"flags": flags,
        b"db": 0,
        **dict(zip((b"sub", b"psub", b"ssub"), kinds, strict=True)),
        b"multi": -1 if queue is None else len(queue),
        b"watch": len(session.watched),
        b"user": session.user,
        b"resp": session.protocol,
        **session.library,
    }
    shown = [
        b"%b=%b" % (name, each if isinstance(each, bytes) else b"%d" % each)
        for name, each in fields.items()
    ]
    return b" ".join(shown) + b"\n"


@command("client|no-touch", 3, *ABOUT)
def no_touch(txn: Transaction, word: bytes, switch: bytes) -> Reply:
    """No access is counted here: only the word is checked."""
    if switch.upper() not in (b"ON", b"OFF"):
        raise syntax()
    return "OK"
