"""The connection and the server: PING, ECHO, the time, and whom one may wait for.

A region has no replicas of its own here and no log on a disk that this side of it knows, and WAIT
never counts other regions. So WAIT and WAITAOF answer at once with what they would after their
time-out. That they do not let it pass is our choice.

Source: https://redis.io/docs/latest/commands/?group=connection
"""

from crdb.command import Reply, command
from crdb.commands._arguments import integer
from crdb.commands.keys import check_database
from crdb.decimals import INT_MAX, parse_int
from crdb.errors import CommandError, wrong_number_of_arguments
from crdb.transaction import Transaction


@command("ping", -1, "fast")
def ping(txn: Transaction, *words: bytes) -> Reply:
    if len(words) > 1:
        raise wrong_number_of_arguments("ping")
    if txn.session.subscriptions and txn.session.protocol == 2:
        # To this client a message without an array around it would be no push.
        return [b"pong", words[0] if words else b""]
    return words[0] if words else "PONG"


@command("echo", 2, "loading", "stale", "fast")
def echo(txn: Transaction, message: bytes) -> Reply:
    return message


@command("time", 1, "loading", "stale", "fast")
def time(txn: Transaction) -> Reply:
    """This region's own clock, which may be wrong: seconds, and microseconds beyond them."""
    return [b"%d" % part for part in divmod(txn.now_us, 1_000_000)]


@command("select", 2, "loading", "stale", "fast", "allow_busy")
def select(txn: Transaction, number: bytes) -> Reply:
    check_database(number)
    return "OK"


@command("wait", 3, "blocking")
def wait(txn: Transaction, replicas: bytes, timeout: bytes) -> Reply:
    integer(replicas)
    check_timeout(txn, timeout)
    return 0


@command("waitaof", 4, "blocking")
def waitaof(txn: Transaction, local: bytes, replicas: bytes, timeout: bytes) -> Reply:
    wanted = integer(local)
    if wanted not in (0, 1):
        raise CommandError("ERR value is out of range, value must between 0 and 1")
    number = parse_int(replicas)
    if number is None or number < 0:
        raise CommandError("ERR value is out of range, must be positive")
    check_timeout(txn, timeout)
    if wanted:
        reason = "numlocal is set but appendonly is disabled"
        raise CommandError(f"ERR WAITAOF cannot be used when {reason}.")
    return [0, 0]


def check_timeout(txn: Transaction, word: bytes) -> None:
    milliseconds = parse_int(word)
    if milliseconds is None:
        raise CommandError("ERR timeout is not an integer or out of range")
    if milliseconds < 0:
        raise CommandError("ERR timeout is negative")
    if milliseconds > INT_MAX - txn.now_ms:
        raise CommandError("ERR timeout is out of range")
