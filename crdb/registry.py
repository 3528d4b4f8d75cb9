"""Finds the members of a package, in name order.

A data type, a command family, a fault or a checker is one file in its folder. This walk is why no
list has to name it, and the name order is why every machine finds the members in the same order.
"""

import importlib
import pkgutil
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


def members(package: str) -> list[ModuleType]:
    """Import the public modules directly inside the package of that name, in name order.

    A name that starts with an underscore is not a member. An import error is not caught: a member
    that cannot be loaded must not be missing silently.

    >>> [module.__name__ for module in members("json")]
    ['json.decoder', 'json.encoder', 'json.scanner', 'json.tool']
    """
    path = importlib.import_module(package).__path__
    names = sorted(found.name for found in pkgutil.iter_modules(path))
    public = [name for name in names if not name.startswith("_")]
    return [importlib.import_module(f"{package}.{name}") for name in public]


def classes(package: str, base: type[T]) -> list[type[T]]:
    """Return the classes under ``base`` that the members of a package define, in name order of
    the members; what they only import is not theirs.

    >>> [each.__name__ for each in classes("json", ValueError)]
    ['JSONDecodeError']
    """
    return [
        each
        for module in members(package)
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, base) and each.__module__ == module.__name__
    ]
