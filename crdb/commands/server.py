"""The connection and the server: PING, ECHO and the time.

Source: https://redis.io/docs/latest/commands/?group=connection
"""

from crdb.command import Reply, command
from crdb.errors import wrong_number_of_arguments
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
