"""Access: who may come in, by password, by one of two keys, or by a token.

The default user has up to two keys, so that one can be changed while clients use the other; a
connection that came in with a key which is changed then stays. A token is a password that ends: the
connection that came in with it is closed then, unless it has said AUTH again with a newer one, as
clients with a credential provider do. Only digests are kept.

>>> access = Access(["first", "second"])
>>> access.admits(b"default", b"second"), access.admits(b"default", b"third")
(True, False)
>>> access.rotate(1, "third")
'third'
>>> access.admits(b"default", b"second"), access.admits(b"default", b"third")
(False, True)

Source: "Azure Managed Redis: authentication", two access keys and Microsoft Entra tokens.
"""

import secrets
from collections.abc import Sequence
from hashlib import sha256
from hmac import compare_digest

from crdb.command import Reply, lookup
from crdb.errors import CommandError
from crdb.session import Request

KEYS_MAX = 2

NOBODY = (
    "ERR AUTH <password> called without any password configured for the default user. "
    "Are you sure your configuration is correct?"
)

HELLO_FIRST = (
    "NOAUTH HELLO must be called with the client already authenticated, otherwise the "
    "HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select "
    "the RESP protocol version at the same time"
)


class User:
    """Somebody with passwords."""

    def __init__(self, passwords: Sequence[str] = ()) -> None:
        self.enabled = True
        self.digests = [digest(each.encode()) for each in passwords]
        self.open = not passwords
        """Any password will do."""


class Access:
    """The users of one server."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        """Without keys everybody is let in. Raises ValueError for three, or an empty one."""
        if len(keys) > KEYS_MAX or not all(keys):
            raise ValueError(f"passwords: expected up to {KEYS_MAX}, none of them empty")
        self.users = {b"default": User(keys)}
        self._tokens: dict[bytes, tuple[bytes, float]] = {}

    @property
    def open(self) -> bool:
        """Whether a client need not say who it is."""
        return self.users[b"default"].open and self.users[b"default"].enabled

    def admits(self, user: bytes, password: bytes) -> bool:
        """Whether the password is the user's. Takes as long whichever it is."""
        found = self.users.get(user)
        given = digest(password)
        fits = [compare_digest(given, each) for each in (found.digests if found else ())]
        return found is not None and found.enabled and (found.open or any(fits))

    def rotate(self, number: int, key: str = "") -> str:
        """Change one of the default user's keys, 0 or 1; returns the new one.

        Whoever uses the other notices nothing. Raises ValueError for another number, or for the
        second key where there is no first.
        """
        digests = self.users[b"default"].digests
        if not 0 <= number <= min(len(digests), KEYS_MAX - 1):
            raise ValueError(f"key {number + 1}: expected 1 to {min(len(digests) + 1, KEYS_MAX)}")
        key = key or secrets.token_urlsafe(33)
        digests[number : number + 1] = [digest(key.encode())]
        self.users[b"default"].open = False
        return key

    def require(self, password: str) -> None:
        """CONFIG SET requirepass: one password for the default user, or none."""
        self.users[b"default"] = User([password] if password else [])

    def issue(self, user: bytes, until_s: float) -> str:
        """A token under which a user may come in until then, on the clock that `ends` is told."""
        token = secrets.token_urlsafe(48)
        self._tokens[digest(token.encode())] = user, until_s
        if user not in self.users:
            self.users[user] = User(["-"])
            self.users[user].digests.clear()
        return token

    def ends(self, user: bytes, password: bytes, now_s: float) -> float | None:
        """When the token ends; None for what is no token of this user, or has ended."""
        self._tokens = {each: of for each, of in self._tokens.items() if of[1] > now_s}
        owner, until_s = self._tokens.get(digest(password), (b"", 0.0))
        return until_s if owner == user and until_s > now_s else None

    def refuses(self, request: Request) -> Reply:
        """What a client hears that has not said who it is; None for what it may say."""
        try:
            found = lookup(request)
        except CommandError:
            return CommandError("NOAUTH Authentication required.")
        if found.name == "hello" and b"AUTH" not in map(bytes.upper, request):
            return CommandError(HELLO_FIRST)
        return None if "no_auth" in found.flags else CommandError("NOAUTH Authentication required.")


def digest(password: bytes) -> bytes:
    """As Redis keeps it, and shows it in ACL LIST."""
    return sha256(password).hexdigest().encode()
