"""Functions of modules and classes that are one thing in a thread, and what they were in others.

SUBTLE: code that is imported meanwhile may keep what it finds (``from time import sleep``). So a
route is made once for a function and kept: nobody's owner, it is what it stands for.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

Function = Callable[..., Any]
Place = tuple[Any, str]

_lock = threading.Lock()
_routes: dict[Function, Function] = {}
"""What a function was -> its route."""
_known: dict[Function, tuple[Function, dict[int, Function]]] = {}
"""Route -> what it was, and thread -> what it is there."""


@contextmanager
def routed(place: Any, name: str, ours: Function, also: Iterable[Place] = ()) -> Iterator[None]:
    """Let a function of a module or class be ours in this thread for the length of the block, also
    at other places and names where it is kept."""
    mine = threading.get_ident()
    with _lock:
        found = getattr(place, name)
        route = found if found in _known else _routes.get(found) or _route(found)
        theirs, owners = _known[route]
        before = owners.get(mine)
        owners[mine] = ours
        places = [(place, name), *(each for each in also if getattr(*each, None) is theirs)]
        for each in places:
            setattr(*each, route)
    try:
        yield
    finally:
        with _lock:
            if before is not None:
                owners[mine] = before
            else:
                del owners[mine]
            if not owners:
                for each in places:
                    setattr(*each, theirs)


def _route(theirs: Function) -> Function:
    owners: dict[int, Function] = {}
    ident = threading.get_ident

    def route(*args: Any, **named: Any) -> Any:
        return owners.get(ident(), theirs)(*args, **named)

    _routes[theirs] = route
    _known[route] = theirs, owners
    return route
