"""Redis' glob patterns: ``*``, ``?``, ``[abc]``, ``[a-z]``, ``[^x]``, and ``\\`` to escape.

Not `fnmatch`: there ``[!x]`` negates and nothing escapes. The rules where a pattern is odd are
those of the server's own matcher: an open class ends with the pattern, ``[]`` matches nothing,
``[^]`` anything, the bounds of a range may be in either order, a last ``\\`` is itself, and the
empty key matches ``*`` but not ``**``.

>>> [bool(matcher(pattern)(b"hello")) for pattern in (b"h*o", b"h?llo", b"h[^a-d]llo", b"h[!a]*")]
[True, True, True, False]
>>> bool(matcher(rb"h\\*o")(b"h*o")), bool(matcher(b"[z-a]")(b"q"))
(True, True)

Source: https://redis.io/docs/latest/commands/keys/
"""

import re
from collections.abc import Callable

ANY, NOTHING = b".", b"(?!)"


def matcher(pattern: bytes) -> Callable[[bytes], re.Match[bytes] | None]:
    """The test whether a whole key matches. Its time is linear in key times pattern.

    SUBTLE: the first place where a piece between two stars fits is as good as any later one. So
    each is matched atomically, and a pattern with many stars cannot backtrack exponentially.
    """
    if len(pattern) > 1 and not pattern.strip(b"*"):
        return re.compile(b".+", re.DOTALL).fullmatch
    first, *others = pieces(pattern)
    parts = [first, *(b"(?>.*?%s)" % piece for piece in others[:-1])]
    if others:
        parts.append(b".*" + others[-1])
    return re.compile(b"".join(parts), re.DOTALL).fullmatch


def pieces(pattern: bytes) -> list[bytes]:
    """What is between the stars, as regular expressions of fixed width."""
    found = [b""]
    at = 0
    while at < len(pattern):
        byte = pattern[at : at + 1]
        at += 1
        if byte == b"*":
            found.append(b"")
        elif byte == b"?":
            found[-1] += ANY
        elif byte == b"[":
            expression, at = one_of(pattern, at)
            found[-1] += expression
        else:
            if byte == b"\\" and at < len(pattern):
                byte = pattern[at : at + 1]
                at += 1
            found[-1] += re.escape(byte)
    return found


def one_of(pattern: bytes, at: int) -> tuple[bytes, int]:
    """The class that starts behind the bracket at ``at - 1``, and where the pattern goes on."""
    negated = pattern[at : at + 1] == b"^"
    at += negated
    ranges: list[bytes] = []
    while at < len(pattern) and pattern[at : at + 1] != b"]":
        if pattern[at : at + 1] == b"\\" and at + 1 < len(pattern):
            low = high = pattern[at + 1]
            at += 2
        elif pattern[at + 1 : at + 2] == b"-" and at + 2 < len(pattern):
            low, high = sorted((pattern[at], pattern[at + 2]))
            at += 3
        else:
            low = high = pattern[at]
            at += 1
        ranges.append(b"\\x%02x-\\x%02x" % (low, high))
    if not ranges:
        return ANY if negated else NOTHING, at + 1
    return b"[%s%s]" % (b"^" if negated else b"", b"".join(ranges)), at + 1
