"""MODULE and DEBUG, as far as suites of tests need them: no modules are here, and one may sleep."""

from time import sleep

from crdb.command import Reply
from crdb.decimals import parse_double
from crdb.errors import CommandError, quoted, quoting, wrong_number_of_arguments
from crdb.transaction import Transaction
from sim.serve.answers import answers
from sim.serve.front import Front

SLEEP_S_MAX = 60
"""DEBUG SLEEP stops every region of the world: no longer than this."""


@answers("module|list")
def module_list(front: Front, txn: Transaction) -> Reply:
    return []


@answers("module|help")
def module_help(front: Front, txn: Transaction) -> Reply:
    return ["MODULE <subcommand> [<arg> [value] [opt] ...]. Subcommands are:", "LIST", "HELP"]


@answers("debug")
def debug(front: Front, txn: Transaction, *words: bytes) -> Reply:
    """DEBUG SLEEP, in which the whole world stands still. The rest is refused."""
    if words[0].upper() != b"SLEEP":
        text = b"ERR unknown subcommand or wrong number of arguments for '%b'. Try DEBUG HELP."
        raise quoting(text % quoted(words[0]))
    if len(words) != 2:
        raise wrong_number_of_arguments("debug")
    seconds = parse_double(words[1])
    if seconds is None or not 0 <= seconds <= SLEEP_S_MAX:
        raise CommandError(f"ERR expected 0 to {SLEEP_S_MAX} seconds")
    sleep(seconds)
    return "OK"
