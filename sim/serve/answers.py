"""The answers to commands about connections and the process, found by name in `sim.serve.commands`.

An answer is a function with the `answers` decorator. It gets the `sim.serve.front.Front`, the
transaction and the words behind the command's name, of which there are as many as
`crdb.commands.hosted` says; it returns a reply or raises `CommandError`.
"""

from collections.abc import Callable
from typing import Any

ANSWERS: dict[str, Callable[..., Any]] = {}
"""Name, as ``client|list`` -> answer."""


def answers(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a function under a command's name."""

    def enter(answer: Callable[..., Any]) -> Callable[..., Any]:
        ANSWERS[name] = answer
        return answer

    return enter
