"""The keyspace: key -> states and expiry, and what merging at a key means.

A key usually holds one typed state. After concurrent writes of two types (SET here, SADD there) it
holds both, side by side: none is lost, and the one with the smaller ``rank`` shows. That choice is
ours; no Redis page says what happens. Removing the key removes what was seen of both.

Keys that exist are in ``keys``. A key that is gone but still has a record that must outlive it
(a counter's reset before it is stable, a deadline set concurrently with DEL) is a *ghost*: no
client sees it, and a later write to the key finds it again.
"""

from collections.abc import Container, Iterator
from heapq import heapify, heappush
from typing import Any

from crdb.crdts.base import CRDT, Delta, Residue
from crdb.crdts.expiry import FOREVER, Expiry
from crdb.crdts.hash import Hash
from crdb.dots import Dot
from crdb.messages import Key as Key
from crdb.session import Watcher
from crdb.stamps import BITS

State = CRDT[Any]

NEVER_US = FOREVER * 1000
DEADLINES_SPARE = 1024
"""Outdated deadlines that may wait in the heap, beyond one for each key or field."""


class Entry:
    """What a key holds: the state that shows, others of concurrent types, and the expiry."""

    __slots__ = ("deadline_us", "expiry", "others", "value")

    def __init__(self) -> None:
        self.value: State | None = None
        self.others: tuple[State, ...] = ()
        self.expiry: Expiry | None = None
        self.deadline_us = NEVER_US

    def values(self) -> Iterator[State]:
        """The states of the key, the one that shows first."""
        if self.value is not None:
            yield self.value
        yield from self.others

    def states(self) -> Iterator[State]:
        """Every state of the key, the expiry last."""
        yield from self.values()
        if self.expiry is not None:
            yield self.expiry

    def state(self, kind: type[State]) -> State:
        """The state of that value type, made if it is not there."""
        if self.value is None:
            self.value = kind()
            return self.value
        for each in (self.value, *self.others):
            if each.__class__ is kind:
                return each
        new = kind()
        self.others = (*self.others, new)
        return new

    def tidy(self) -> bool:
        """Drop empty states, show the right one, and say whether the key exists."""
        if self.others:
            found = [
                each for each in (self.value, *self.others) if each is not None and not each.empty()
            ]
            found.sort(key=lambda each: (not each.alive(), each.rank))
            self.value, self.others = (found[0], tuple(found[1:])) if found else (None, ())
        if self.expiry is not None and not self.expiry.alive():
            self.expiry = None
        if self.value is None:
            return False
        if self.value.alive():
            return True
        if self.value.empty():
            self.value = None
        return False


class Keyspace:
    """All keys of one replica. Merging a delta costs what the delta's type makes it cost."""

    __slots__ = ("_endings_kept", "deadlines", "endings", "ghosts", "keys", "watchers")

    def __init__(self) -> None:
        self.keys: dict[Key, Entry] = {}
        self.ghosts: dict[Key, Entry] = {}
        self.watchers: dict[Key, list[Watcher]] = {}
        """Who is to be told when a key changes: WATCH, and blocked clients."""
        self.deadlines: list[tuple[int, Key]] = []
        """A heap of deadlines; one that its key no longer has is passed over."""
        self.endings: list[tuple[int, Key, bytes]] = []
        """The same for fields of hashes: (when, key, field)."""
        self._endings_kept = 0
        """How many of these were not outdated when that was last looked at."""

    def merge(self, key: Key, delta: Delta, seen: Container[Dot]) -> Residue | None:
        kind = delta.crdt
        entry = self.keys.get(key)
        existed = here = entry is not None
        if entry is None:
            entry = self.ghosts.get(key) or Entry()
        if kind is Expiry:
            residue = self._merge_expiry(key, entry, delta, seen)
        else:
            state = entry.value
            if state.__class__ is not kind:
                state = entry.state(kind)
                here = here and state is entry.value
            residue = state.merge(delta, seen)
        if residue is not None or not here:
            self._place(key, entry)
            if residue is not None and residue.ending:
                self._note_endings(key, residue.ending)
        if self.watchers and (existed or key in self.keys):
            self.touch(key)
        return residue

    def touch(self, key: Key) -> None:
        """Tell those who watch this key that it has changed.

        A key that was expired already when it was watched was missing for the watcher: that it is
        removed now changes nothing.
        """
        for watcher in self.watchers.get(key, ()):
            if key in self.keys or not watcher.watched.get(key):
                watcher.dirty = True

    def watch(self, watcher: Watcher, key: Key, expired: bool = False) -> None:
        """Tell this watcher of changes. ``expired``: the key is past its deadline already."""
        if key not in watcher.watched:
            watcher.watched[key] = expired
            self.watchers.setdefault(key, []).append(watcher)

    def unwatch(self, watcher: Watcher) -> None:
        """Tell this watcher nothing more."""
        for key in watcher.watched:
            watching = self.watchers.get(key, [])
            if watcher in watching:  # Not so if the replica it watched was replaced.
                watching.remove(watcher)
                if not watching:
                    del self.watchers[key]
        watcher.watched.clear()
        watcher.dirty = False

    def hash_at(self, key: Key) -> Hash | None:
        """The hash that a key holds, whether it shows or not."""
        entry = self.keys.get(key) or self.ghosts.get(key)
        states = () if entry is None else entry.values()
        return next((each for each in states if isinstance(each, Hash)), None)

    def forget(self, key: Key, record: Dot) -> None:
        """A record of this key is stable."""
        entry = self.keys.get(key) or self.ghosts.get(key)
        if entry is not None:
            for state in entry.states():
                state.forget(record)
            self._place(key, entry)

    def entries(self) -> Iterator[tuple[Key, Entry]]:
        """Every key with anything left of it, ghosts included."""
        yield from self.keys.items()
        yield from self.ghosts.items()

    def beyond(self, seen: Container[Dot]) -> Iterator[tuple[Key, tuple[Delta, ...]]]:
        """The part of every key's states that ``seen`` lacks; keys without any are left out."""
        for key, entry in self.entries():
            parts = [(state, state.beyond(seen)) for state in entry.states()]
            some = tuple(part for state, part in parts if part != type(state)().complete())
            if some:
                yield key, some

    def dots(self) -> Iterator[Dot]:
        """Every live dot."""
        for _, entry in self.entries():
            for state in entry.states():
                yield from state.dots()

    def against(self, key: Key, whole: tuple[Delta, ...], gone: Container[Dot]) -> list[Delta]:
        """Deltas that join what another replica holds of ``key`` into what is here.

        ``gone``: dots that the other removed, if they are not in ``whole``.
        """
        entry = self.keys.get(key) or self.ghosts.get(key)
        here = {} if entry is None else {state.__class__: state for state in entry.states()}
        there = {delta.crdt: delta for delta in whole}
        deltas = []
        for kind in [*there, *(kind for kind in here if kind not in there)]:
            state, nothing = here.get(kind, kind()), kind().complete()
            if kind in there and there[kind] == state.complete():
                continue
            delta = state.covered(there.get(kind, nothing), gone)
            if delta != nothing:
                deltas.append(delta)
        return deltas

    def _place(self, key: Key, entry: Entry) -> None:
        """Put the entry where it belongs: among the keys, the ghosts, or nowhere."""
        if entry.tidy():
            self.keys[key] = entry
            self.ghosts.pop(key, None)
            return
        self.keys.pop(key, None)
        if entry.value is not None or entry.expiry is not None:
            self.ghosts[key] = entry
        else:
            self.ghosts.pop(key, None)

    def _merge_expiry(
        self, key: Key, entry: Entry, delta: Delta, seen: Container[Dot]
    ) -> Residue | None:
        expiry = entry.expiry
        if expiry is None:
            expiry = entry.expiry = Expiry()
        residue = expiry.merge(delta, seen)  # type: ignore[arg-type]
        if expiry.order >> BITS != FOREVER or entry.deadline_us != NEVER_US:
            self._set_deadline(key, entry, expiry.deadline_ms * 1000)
        return residue

    def _set_deadline(self, key: Key, entry: Entry, deadline_us: int) -> None:
        if deadline_us != entry.deadline_us:
            entry.deadline_us = deadline_us
            if deadline_us < NEVER_US:
                heappush(self.deadlines, (deadline_us, key))
                if len(self.deadlines) > 2 * len(self.keys) + DEADLINES_SPARE:
                    self._forget_deadlines()

    def _forget_deadlines(self) -> None:
        """Drop what keys no longer have: SET EX on one key over and over would fill the heap."""
        kept = [each for each in self.deadlines if each[1] in self.ghosts]
        kept += [
            (entry.deadline_us, key)
            for key, entry in self.keys.items()
            if entry.deadline_us < NEVER_US
        ]
        self.deadlines[:] = kept
        heapify(self.deadlines)

    def _note_endings(self, key: Key, endings: tuple[tuple[int, bytes], ...]) -> None:
        for ends_ms, name in endings:
            heappush(self.endings, (ends_ms * 1000, key, name))
        if len(self.endings) > 2 * self._endings_kept + DEADLINES_SPARE:
            self._forget_endings()

    def _forget_endings(self) -> None:
        """Drop what fields no longer have, as `_forget_deadlines` does for keys."""
        kept = []
        for key, name in {each[1:] for each in self.endings}:
            found = self.hash_at(key)
            ends_us = NEVER_US if found is None else found.ends_ms(name) * 1000
            if ends_us < NEVER_US:
                kept.append((ends_us, key, name))
        heapify(kept)
        self.endings[:] = kept
        self._endings_kept = len(kept)
