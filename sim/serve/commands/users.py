"""ACL: users and their passwords.

A user may do everything or is off: rules that would let it do less are refused, since nothing here
would hold them.

Source: https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/
"""

import secrets

from crdb.command import Reply
from crdb.command import entries as commands
from crdb.commands.command_table import categories
from crdb.decimals import parse_int
from crdb.errors import CommandError, not_an_integer, quoted, quoting
from crdb.transaction import Transaction
from sim.serve.access import User, digest
from sim.serve.answers import answers
from sim.serve.front import Front

EVERYTHING = frozenset(
    [b"+@all", b"allcommands", b"~*", b"allkeys", b"&*", b"allchannels", b"resetchannels"]
)
"""Rules that are true of every user; the last because whoever writes it means a channel next."""

NO_FILE = (
    "ERR This Redis instance is not configured to use an ACL file. You may want to specify users "
    "via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis "
    "configuration file set) in order to store users in the Redis configuration."
)

NO_HASH = (
    "The password hash must be exactly 64 characters and contain only lowercase hexadecimal "
    "characters"
)

HELP = """\
ACL <subcommand> [<arg> [value] [opt] ...]. Subcommands are:
CAT [<category>]
    List all commands that belong to <category>, or all command categories
    when no category is specified.
DELUSER <username> [<username> ...]
    Delete a list of users.
DRYRUN <username> <command> [<arg> ...]
    Returns whether the user can execute the given command without executing the command.
GETUSER <username>
    Get the user's details.
GENPASS [<bits>]
    Generate a secure 256-bit user password. The optional `bits` argument can
    be used to specify a different size.
LIST
    Show users details in config file format.
SETUSER <username> <attribute> [<attribute> ...]
    Create or modify a user with the specified attributes.
USERS
    List all the registered usernames.
WHOAMI
    Return the current connection username.
HELP
    Print this help.
"""


@answers("acl|whoami")
def whoami(front: Front, txn: Transaction) -> Reply:
    return txn.session.user


@answers("acl|users")
def users(front: Front, txn: Transaction) -> Reply:
    return list(front.access.users)


@answers("acl|list")
def list_(front: Front, txn: Transaction) -> Reply:
    return [
        b" ".join([b"user", name, *_flags(user), *(b"#" + each for each in user.digests)])
        + b" ~* &* +@all"
        for name, user in front.access.users.items()
    ]


@answers("acl|getuser")
def getuser(front: Front, txn: Transaction, name: bytes) -> Reply:
    user = front.access.users.get(name)
    if user is None:
        return None
    return {
        b"flags": _flags(user),
        b"passwords": list(user.digests),
        b"commands": b"+@all",
        b"keys": b"~*",
        b"channels": b"&*",
        b"selectors": [],
    }


def _flags(user: User) -> list[bytes]:
    return [b"on" if user.enabled else b"off", *([b"nopass"] if user.open else [])]


@answers("acl|setuser")
def setuser(front: Front, txn: Transaction, name: bytes, *rules: bytes) -> Reply:
    """All of the rules, or none."""
    before = front.access.users.get(name)
    user = User(["-"])
    user.enabled, user.digests = False, []
    if before is not None:
        user.enabled, user.open, user.digests = before.enabled, before.open, [*before.digests]
    for rule in rules:
        reason = _apply(user, rule)
        if reason:
            text = b"ERR Error in ACL SETUSER modifier '%b': %b"
            raise quoting(text % (quoted(rule), reason.encode()))
    front.access.users[name] = user
    return "OK"


def _apply(user: User, rule: bytes) -> str:
    """Let a rule hold; returns why it cannot, if so."""
    word, mark, rest = rule.lower(), rule[:1], rule[1:]
    hashed = digest(rest) if mark in b"><" else rest.lower()
    if word in (b"on", b"off"):
        user.enabled = word == b"on"
    elif word in (b"nopass", b"resetpass", b"reset"):
        user.digests, user.open = [], word == b"nopass"
        user.enabled &= word != b"reset"
    elif mark in b">#" and rest:
        if mark == b"#" and (len(rest) != 64 or rest.strip(b"0123456789abcdefABCDEF")):
            return NO_HASH
        user.digests, user.open = [*user.digests, hashed], False
    elif mark in b"<!" and rest:
        if hashed not in user.digests:
            return "The password you are trying to remove from the user does not exist"
        user.digests.remove(hashed)
    elif word not in EVERYTHING:
        limits = mark in b"+-~&%(" or word in (b"nocommands", b"resetkeys")
        return "users with fewer rights are not supported here" if limits else "Syntax error"
    return ""


@answers("acl|deluser")
def deluser(front: Front, txn: Transaction, *names: bytes) -> Reply:
    if b"default" in names:
        raise CommandError("ERR The 'default' user cannot be removed")
    gone = [name for name in dict.fromkeys(names) if front.access.users.pop(name, None)]
    for each in list(front.connections.values()):
        if each.session.user in gone:
            each.transport.abort()
    return len(gone)


@answers("acl|cat")
def cat(front: Front, txn: Transaction, *names: bytes) -> Reply:
    of = {each.name: categories(each.name.encode()) for each in commands()}
    known = sorted({category.removeprefix("@") for found in of.values() for category in found})
    if not names:
        return [each.encode() for each in known]
    wanted = names[0].decode(errors="replace").lower()
    if wanted not in known:
        raise quoting(b"ERR Unknown category '%b'" % quoted(names[0]))
    return [name.encode() for name, found in of.items() if f"@{wanted}" in found]


@answers("acl|genpass")
def genpass(front: Front, txn: Transaction, *bits: bytes) -> Reply:
    number = parse_int(bits[0]) if bits else 256
    if number is None:
        raise not_an_integer()
    if not 0 < number <= 4096:
        text = "ACL GENPASS argument must be the number of bits for the output password"
        raise CommandError(f"ERR {text}, a positive number up to 4096")
    digits = -(-number // 4)
    return secrets.token_hex(-(-digits // 2))[:digits].encode()


@answers("acl|dryrun")
def dryrun(front: Front, txn: Transaction, name: bytes, *request: bytes) -> Reply:
    if name not in front.access.users:
        raise quoting(b"ERR User '%b' not found" % quoted(name))
    return "OK"


@answers("acl|log")
def log(front: Front, txn: Transaction, *words: bytes) -> Reply:
    """No user has fewer rights than another, so nothing is ever denied."""
    if words and words[0].upper() == b"RESET":
        return "OK"
    if words and parse_int(words[0]) is None:
        raise not_an_integer()
    return []


@answers("acl|save")
@answers("acl|load")
def no_file(front: Front, txn: Transaction) -> Reply:
    raise CommandError(NO_FILE)


@answers("acl|help")
def help_(front: Front, txn: Transaction) -> Reply:
    return HELP.splitlines()
