"""MONITOR, SLOWLOG and LATENCY: what is asked of a region, and how long it took.

Nothing here samples events in the background: LATENCY knows each command's times, and no others.

Source: https://redis.io/docs/latest/operate/oss_and_stack/management/optimization/latency/
"""

from crdb.command import Reply
from crdb.decimals import parse_int
from crdb.errors import CommandError, quoted, quoting
from crdb.transaction import Transaction
from sim.serve.answers import answers
from sim.serve.counts import Cost
from sim.serve.front import Front

SLOWLOG_HELP = """\
SLOWLOG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:
GET [<count>]
    Return top <count> entries from the slowlog (default: 10, -1 mean all).
    Entries are made of:
    id, timestamp, time in microseconds, arguments array, client IP and port,
    client name
LEN
    Return the length of the slowlog.
RESET
    Reset the slowlog.
HELP
    Prints this help.
"""

DISABLED = (
    "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis instance. You "
    'may use "CONFIG SET latency-monitor-threshold <milliseconds>." in order to enable it. If we '
    "weren't in a deep space mission I'd suggest to take a look at "
    "https://redis.io/topics/latency-monitor.\n"
)

LATENCY_HELP = """\
LATENCY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:
DOCTOR
    Return a human readable latency analysis report.
GRAPH <event>
    Return an ASCII latency graph for the <event> class.
HISTORY <event>
    Return time-latency samples for the <event> class.
LATEST
    Return the latest latency samples for all events.
RESET [<event> ...]
    Reset latency data of one or more <event> classes.
    (default: reset all data for all event classes)
HISTOGRAM [COMMAND ...]
    Return a cumulative distribution of latencies in the format of a histogram for the specified \
command names.
    If no commands are specified then all histograms are replied
HELP
    Prints this help.
"""


@answers("monitor")
def monitor(front: Front, txn: Transaction) -> Reply:
    front.monitors[front.of(txn)] = None
    front.reconsider()
    return "OK"


@answers("slowlog|get")
def slow(front: Front, txn: Transaction, *words: bytes) -> Reply:
    if len(words) > 1:
        text = b"ERR unknown subcommand or wrong number of arguments for '%b'. Try SLOWLOG HELP."
        raise quoting(text % b"GET")
    count = parse_int(words[0]) if words else 10
    if count is None or count < -1:
        raise CommandError("ERR count should be greater than or equal to -1")
    entries = list(front.counts.slow)
    return [
        [each.number, each.at_us // 1_000_000, each.took_us, each.request, each.address, each.name]
        for each in (entries if count == -1 else entries[:count])
    ]


@answers("slowlog|len")
def slow_len(front: Front, txn: Transaction) -> Reply:
    return len(front.counts.slow)


@answers("slowlog|reset")
def slow_reset(front: Front, txn: Transaction) -> Reply:
    front.counts.slow.clear()
    return "OK"


@answers("slowlog|help")
def slow_help(front: Front, txn: Transaction) -> Reply:
    return SLOWLOG_HELP.splitlines()


@answers("latency|histogram")
def histogram(front: Front, txn: Transaction, *names: bytes) -> Reply:
    found: dict[bytes, Cost] = {}
    for name, cost in front.counts.by_command().items():
        if not names or name in [each.lower() for each in names]:
            found[name] = cost
    return {name: _told(cost) for name, cost in found.items()}


def _told(cost: Cost) -> Reply:
    """Up to so many microseconds -> so many calls took no more."""
    seen, so_far = {}, 0
    for power, calls in enumerate(cost.buckets):
        so_far += calls
        if calls:
            seen[1 << power] = so_far
    return {b"calls": cost.calls, b"histogram_usec": seen}


@answers("latency|latest")
def latest(front: Front, txn: Transaction) -> Reply:
    return []


@answers("latency|history")
def history(front: Front, txn: Transaction, event: bytes) -> Reply:
    return []


@answers("latency|reset")
def reset(front: Front, txn: Transaction, *events: bytes) -> Reply:
    return 0


@answers("latency|graph")
def graph(front: Front, txn: Transaction, event: bytes) -> Reply:
    raise quoting(b"ERR No samples available for event '%b'" % quoted(event))


@answers("latency|doctor")
def doctor(front: Front, txn: Transaction) -> Reply:
    return DISABLED.encode()


@answers("latency|help")
def help_(front: Front, txn: Transaction) -> Reply:
    return LATENCY_HELP.splitlines()
