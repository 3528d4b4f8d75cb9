"""The connection and the server: PING, ECHO, and what an active-active database refuses.

Source: https://redis.io/docs/latest/commands/?group=connection
"""

from crdb.command import Reply, command
from crdb.errors import CommandError, wrong_number_of_arguments
from crdb.transaction import Transaction


@command("ping", -1, "fast")
def ping(txn: Transaction, *words: bytes) -> Reply:
    if len(words) > 1:
        raise wrong_number_of_arguments("ping")
    return words[0] if words else "PONG"


@command("echo", 2, "fast")
def echo(txn: Transaction, message: bytes) -> Reply:
    return message


@command("flushall", -1, "write")
def flushall(txn: Transaction, *words: bytes) -> Reply:
    raise flush_refused("flushall")


@command("flushdb", -1, "write")
def flushdb(txn: Transaction, *words: bytes) -> Reply:
    raise flush_refused("flushdb")


def flush_refused(name: str) -> CommandError:
    """Flushing is an operator's action on all regions. No Redis page gives the text; ours."""
    return CommandError(f"ERR '{name}' command is not supported in Active-Active databases")
