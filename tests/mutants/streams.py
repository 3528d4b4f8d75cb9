"""Mutants: streams and their groups."""

from tests.mutants import Mutant

REGIONS = "commands/test_streams_regions.py::"

MUTANTS = [
    Mutant(
        "a deletion kills the groups that it did not see",
        "crdts/stream.py",
        "mark.seen.get(actor, 0) < seq\n",
        "False\n",
        REGIONS + "test_deleting_the_key_kills_a_group_that_it_did_not_see",
    ),
    Mutant(
        "a deletion of one group leaves the others",
        "crdts/stream.py",
        "if name is EVERY or name == mark.name",
        "if True",
        "crdb/test_spec.py::test_spec[stream]",
    ),
    Mutant(
        "a late entry is delivered",
        "crdts/stream.py",
        "                group.arrived(key, self._acks(name))",
        "                pass",
        REGIONS + "test_a_late_entry_is_delivered_though_its_id_was_passed",
    ),
    Mutant(
        "an acknowledged entry is not late",
        "crdts/consumers.py",
        "if not any(key[:2] <= ack.id and ack.knew(key[2]) for ack in acks):",
        "if True:",
        REGIONS + "test_an_acknowledged_entry_is_not_late_whichever_comes_first[1]",
    ),
    Mutant(
        "an acknowledgement passes over what its author had not seen",
        "crdts/consumers.py",
        "self.late.update(key for key in passed if not ack.knew(key[2]))",
        "pass",
        REGIONS + "test_an_acknowledgement_does_not_speak_of_what_it_had_not_seen",
    ),
    Mutant(
        "late entries hold an acknowledgement back",
        "crdts/consumers.py",
        "for each in (self.late, self.pending.keys()) if each]",
        "for each in (self.pending.keys(),) if each]",
        REGIONS + "test_a_late_entry_holds_the_acknowledgement_back",
    ),
    Mutant(
        "a group that is made again begins anew",
        "crdts/stream.py",
        "if group is None or births.isdisjoint(group.births):",
        "if group is None:",
        REGIONS + "test_a_group_that_is_made_again_begins_anew",
    ),
    Mutant(
        "ids made of the clock differ by region",
        "commands/_stream_ids.py",
        "return ms, least + (txn.region - least) % STRIDE",
        "return ms, least + 1",
        REGIONS + "test_ids_made_of_the_clock_differ_by_region",
    ),
]
