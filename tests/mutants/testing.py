"""Mutants: what the operations of a program, its runs and its replays rest on."""

from tests.mutants import Mutant

MUTANTS = [
    Mutant(
        "an operation without answer may have happened",
        "aio/conversations.py",
        "self._enter(self._open.popleft(), now_us, INFO, why)",
        "self._enter(self._open.popleft(), now_us, FAIL, why)",
        "aio/test_conversations.py::test_what_gets_no_answer_may_have_happened",
        top="sim",
    ),
    Mutant(
        "a message answers nothing",
        "aio/conversations.py",
        "return pushed or self._listens",
        "return False",
        "aio/test_conversations.py::test_a_message_between_request_and_reply_answers_nothing",
        top="sim",
    ),
    Mutant(
        "what is cancelled may still hang up",
        "aio/loop.py",
        "            try:\n                self.finish()",
        "            main.close()\n            try:\n                self.finish()",
        "aio/test_loop.py::test_what_waits_in_vain_may_still_hang_up",
        top="sim",
    ),
    Mutant(
        "no garbage is collected in a run",
        "testing/play.py",
        "gc.disable()",
        "pass",
        "testing/test_replay.py::test_a_client_that_was_never_closed_does_not_hang_up_at_random",
        top="sim",
    ),
    Mutant(
        "there is no deadline",
        "testing/property.py",
        "settings(chosen, deadline=None, phases=phases)",
        "settings(chosen, phases=phases)",
        "testing/test_property.py::test_a_deadline_does_not_count",
        top="sim",
    ),
    Mutant(
        "a replay is the same run, or says so",
        "testing/replays.py",
        "if played.fingerprint != kept.fingerprint:",
        "if False:",
        "testing/test_replay.py::test_a_file_of_a_program_that_has_changed_says_so",
        top="sim",
    ),
]
