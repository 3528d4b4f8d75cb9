"""Mutants: what the server says of itself, and what clients say to each other."""

from tests.mutants import Mutant

MUTANTS = [
    Mutant(
        "keys without a fixed place can be moved",
        "commands/command_table.py",
        "return sorted(shown if found.also is None else shown",
        "return sorted(shown if found.also is not None else shown",
        "commands/test_command_table.py::test_arity_flags_and_keys_are_those_of_the_real_server",
    ),
    Mutant(
        "a command with second words is found by them",
        "command.py",
        "if found is None or (first in PAIRS and len(request) > found.words_max):",
        "if found is None:",
        "commands/test_command_table.py"
        "::test_every_command_is_counted_once_and_listed_with_its_second_words",
    ),
    Mutant(
        "a message that was overtaken is not delivered late",
        "pubsub.py",
        "if number > link.published_here:",
        "if number != link.published_here:",
        "commands/test_pubsub.py::test_a_repeated_message_and_one_that_was_overtaken_say_nothing",
    ),
    Mutant(
        "what is published goes out though nothing was written",
        "link.py",
        "self.told = -1",
        "pass",
        "commands/test_pubsub.py::test_a_message_reaches_the_subscribers_of_every_region_once",
    ),
    Mutant(
        "a new life numbers its messages anew",
        "receiver.py",
        "link.actor, link.published_here = actor, 0",
        "link.actor = actor",
        "commands/test_pubsub.py::test_a_region_that_lost_its_memory_is_heard_again",
    ),
    Mutant(
        "who is gone is told nothing",
        "holdings.py",
        "self.broker.close(session)",
        "pass",
        "commands/test_pubsub.py::test_a_closed_session_is_unsubscribed",
    ),
    Mutant(
        "what expires on sight is told",
        "transaction.py",
        'self.broker.event("x", "expired", key)',
        "pass",
        "commands/test_notices.py::test_what_expires_is_told_once_on_sight_or_by_the_tick",
    ),
    Mutant(
        "what arrives from another region is told",
        "notices.py",
        'broker.event(_class("merge", entry, kinds), "merge", key)',
        "pass",
        "commands/test_notices.py::test_what_another_region_wrote_is_told_as_merged",
    ),
    Mutant(
        "a set's no news is no notification",
        "notices.py",
        "if reply != 0 or command.name not in NOTHING_NEW:",
        "if True:",
        "commands/test_notices.py::test_each_letter_asks_for_its_class",
    ),
    Mutant(
        "the commands of a transaction are told one by one",
        "commands/transactions.py",
        "return perform(txn, found, request)",
        "return found.run(txn, *request[1:])",
        "commands/test_notices.py::test_a_transaction_tells_of_each_command_in_it_once",
    ),
    Mutant(
        "an endless loop in a coroutine is counted too",
        "lua/boot.py",
        'sethook(thread, count, "", used > limit and 1 or step)',
        "",
        "commands/test_scripts.py::test_a_coroutine_of_few_steps_at_a_time_is_counted",
    ),
    Mutant(
        "beyond the limit every instruction fails",
        "lua/boot.py",
        'sethook(count, "", 1)',
        "used = 0",
        "commands/test_scripts.py::test_what_catches_the_error_of_the_limit_is_stopped_too",
    ),
    Mutant(
        "a stale region's scripts do not write",
        "lua/scripts.py",
        "if found.write and self._txn.stale:",
        "if False:",
        "commands/test_scripts.py::test_a_stale_region_lets_scripts_read_and_not_write",
    ),
    Mutant(
        "what is fixed cannot be changed past its metatable",
        "lua/boot.py",
        "if fixed[target] then",
        "if false then",
        "commands/test_scripts.py::test_what_one_script_changes_no_other_sees",
    ),
    Mutant(
        "each script begins with the same chance",
        "lua/scripts.py",
        "self._txn, self._read_only, self._values.protocol = txn, read_only, 2\n"
        "        self._chance.seed(0)",
        "self._txn, self._read_only, self._values.protocol = txn, read_only, 2",
        "commands/test_scripts.py::test_a_script_reads_its_regions_clock_and_chance_repeats",
    ),
    Mutant(
        "a command in a script may not wait",
        "lua/scripts.py",
        "with txn.undivided():\n                ok, *value = run()",
        "if True:\n                ok, *value = run()",
        "commands/test_scripts.py::test_nothing_waits_inside_a_script",
    ),
]
