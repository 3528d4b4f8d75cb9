"""A ledger of one-line mutants: each breaks one idea, and names the test that must notice.

Laws alone do not notice most of these. A line that changed in the program has to be changed here
too, and a mutant whose test no longer fails says that the test has gone soft.
"""

from typing import NamedTuple


class Mutant(NamedTuple):
    idea: str
    """What the mutant breaks."""
    file: str
    old: str
    """Occurs exactly once in the file."""
    new: str
    killer: str
    """The test that fails, below tests/crdb."""


MUTANTS = [
    Mutant(
        "the loser of concurrent writes is kept",
        "crdts/register.py",
        "self.losers = joined.losers",
        "self.losers = None",
        "test_named.py::test_every_grouping_reads_c",
    ),
    Mutant(
        "equal clocks fall to the smaller region",
        "stamps.py",
        "return clock_us << BITS | (_LAST_REGION - region)",
        "return clock_us << BITS | region",
        "test_named.py::test_equal_stamps_fall_to_the_smaller_region",
    ),
    Mutant(
        "a reset takes away what it saw of a later part",
        "crdts/counter.py",
        "return part.amount - record.amount",
        "return part.amount",
        "test_named.py::test_a_reset_does_not_absorb_earlier_increments",
    ),
    Mutant(
        "a new reset replaces those it saw",
        "crdts/counter.py",
        "((dot, _tuple(seen.values())),), pack(self.resets))",
        "((dot, _tuple(seen.values())),), None)",
        "test_size.py::test_one_author_bound[counter]",
    ),
    Mutant(
        "a stable record goes",
        "crdts/counter.py",
        "del self.resets[reset]",
        "pass",
        "test_size.py::test_nothing_is_left_of_the_dead[counter]",
    ),
    Mutant(
        "a SET takes the increments that it saw away",
        "crdts/string.py",
        "return StringDelta(delta, counter.clear(dot + 1))",
        "return delta",
        "test_spec.py::test_spec[string]",
    ),
    Mutant(
        "a removal that did not find its add is remembered",
        "replica.py",
        "for dot in residue.missed:",
        "for dot in ():",
        "test_named.py::test_a_removal_before_its_add_stays_dead_and_the_rest_of_the_add_lives",
    ),
    Mutant(
        "an add replaces the dots that the member had",
        "crdts/orset.py",
        "if member in mine and member not in adds:",
        "if False:",
        "test_laws.py::test_law[orset-now]",
    ),
    Mutant(
        "what a peer removed is found though nothing of its own differs",
        "crdts/orset.py",
        "differing = list(filterfalse(theirs.__contains__, mine))",
        "differing = []",
        "test_named.py::test_a_stale_replica_does_not_bring_the_dead_back",
    ),
    Mutant(
        "the bytes of a set do not tell the order of its adds",
        "persistence/columns.py",
        "return sorted(mapping.items(), key=lambda item: (first_dot(item[1]), item[0]))",
        "return list(mapping.items())",
        "test_format.py::test_equal_states_are_equal_bytes[orset]",
    ),
    Mutant(
        "damaged bytes are noticed",
        "persistence/format.py",
        'if crc32(body).to_bytes(CHECKSUM_BYTES, "little") != checksum:',
        "if False:",
        "test_format.py::test_a_flipped_bit_is_noticed_wherever_it_is",
    ),
    Mutant(
        "dots in a row cost nothing each",
        "persistence/integers.py",
        "steps = [values[0], *map(sub, values[1:], values)]",
        "steps = list(values)",
        "test_floors.py::test_a_fresh_set_has_a_tenth_of_a_byte_of_metadata_a_member",
    ),
    Mutant(
        "hearsay does not move the vector",
        "dots.py",
        "self.cloud.add(dot)",
        "self.advance(actor_of(dot), seq_of(dot))",
        "test_dots.py::test_the_vector_moves_only_by_advancing",
    ),
    Mutant(
        "what the vector covers leaves the cloud",
        "dots.py",
        "        self.cloud |= other.cloud\n        self._prune()",
        "        self.cloud |= other.cloud",
        "test_dots.py::test_merge_is_union",
    ),
    Mutant(
        "what was dropped is not served in part",
        "backlog.py",
        "if after < self.floor:",
        "if False:",
        "test_backlog.py::test_what_was_dropped_is_never_served_in_part",
    ),
    Mutant(
        "a slice ends with a group",
        "backlog.py",
        "end = bisect_right(writes, writes[start + limit - 1][0], key=_group)",
        "end = start + limit",
        "test_replica.py::test_a_transaction_arrives_whole",
    ),
    Mutant(
        "nothing is applied over a gap",
        "replica.py",
        "if message.after > have:",
        "if False:",
        "test_replica.py::test_a_gap_is_asked_for_again",
    ),
    Mutant(
        "what was applied already is left out",
        "replica.py",
        "if have > message.after:",
        "if False:",
        "test_replica.py::test_an_overlap_is_applied_in_part",
    ),
    Mutant(
        "what was sent is not sent at every tick",
        "replica.py",
        "writes, link.sent = found",
        "writes, _ = found",
        "test_replica.py::test_nothing_is_sent_twice_without_need",
    ),
    Mutant(
        "a snapshot brings its context",
        "replica.py",
        "self.context.merge(theirs)",
        "pass",
        "test_replica.py::test_past_the_backlog_comes_a_snapshot",
    ),
    Mutant(
        "only the owner removes, before the grace is over",
        "expirer.py",
        "return not link.doubted",
        "return True",
        "test_expiry.py::test_the_owner_removes_and_others_only_stop_reading",
    ),
    Mutant(
        "an owner removes the deadline of a dead key",
        "expirer.py",
        "if ghost.expiry.owner == self._region:",
        "if False:",
        "test_expiry.py::test_an_orphaned_deadline_finds_its_owner",
    ),
    Mutant(
        "the last claim of a region counts",
        "stability.py",
        "for vector in (self._claimed[region], self._newest[region]):",
        "for vector in (self._claimed[region],):",
        "test_stability.py::test_the_last_claim_counts_though_an_older_one_waits",
    ),
    Mutant(
        "a record outlives those that have not seen it",
        "stability.py",
        "while waiting and waiting[next(iter(waiting))] <= frontier:",
        "while waiting:",
        "test_replica.py::test_a_record_is_forgotten_only_when_stable",
    ),
    Mutant(
        "an owner that answers keeps its key",
        "expirer.py",
        "link.doubted = at_us == entry.deadline_us or link.heard_at_us >= asked_us",
        "link.doubted = at_us == entry.deadline_us",
        "test_expiry.py::test_an_owner_that_answers_keeps_its_key",
    ),
    Mutant(
        "waiting is measured from the past",
        "link.py",
        "self.since_us = min(self.since_us, now_us)",
        "pass",
        "test_replica.py::test_a_clock_that_is_put_right_does_not_stop_the_asking",
    ),
    Mutant(
        "frequent ticks do not keep a record from asking",
        "link.py",
        "quiet_us = max(self.heard_at_us, self.spoke_at_us)",
        "quiet_us = self.since_us if self.acked < self.sent else 1 << 62",
        "test_replica.py::test_frequent_ticks_do_not_keep_a_record_from_asking",
    ),
    Mutant(
        "an old complaint does not rewind",
        "replica.py",
        "if isinstance(message, Resend) and message.after < link.acked:",
        "if False:",
        "test_replica.py::test_a_late_resend_does_not_rewind",
    ),
    Mutant(
        "others see to a deadline whose owner is gone",
        "expirer.py",
        "elif key not in self._foundlings:",
        "elif False:",
        "test_expiry.py::test_a_deadline_whose_owner_is_gone_is_removed_by_others",
    ),
    Mutant(
        "keys expire one by one",
        "expirer.py",
        "transaction.begin(now_us, Session(), no_dice)\n                if not",
        "if not",
        "test_expiry.py::test_keys_expire_one_by_one",
    ),
    Mutant(
        "a key keeps the states of concurrent types",
        "keyspace.py",
        "self.others = (*self.others, new)",
        "self.others = ()",
        "test_replica.py::test_a_type_conflict_keeps_both_states",
    ),
]
