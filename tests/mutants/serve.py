"""Mutants of the server on real sockets."""

from tests.mutants import Mutant

MUTANTS = [
    Mutant(
        "whoever has not said who it is may send little",
        "resp.py",
        "most = WORDS_MAX if self.known else UNKNOWN_WORDS_MAX",
        "most = WORDS_MAX",
        "crdb/test_resp.py::test_an_unknown_client_is_believed_less",
    ),
    Mutant(
        "what comes in from outside comes before what is due in its microsecond",
        "../sim/engine.py",
        "while queue and queue[0][0] < at_us:",
        "while queue and queue[0][0] <= at_us:",
        "sim/test_engine.py::test_what_comes_in_from_outside_is_first_in_its_microsecond",
    ),
    Mutant(
        "no password is in a recording",
        "../sim/serve/recorder.py",
        "return request[:2]",
        "return request",
        "serve/test_worlds.py::test_secrets_are_not_in_a_recording",
    ),
    Mutant(
        "what a client had sent behind a request that blocks is recorded when it came",
        "../sim/serve/connection.py",
        "if not recorded:",
        "if False:",
        "serve/test_worlds.py::test_what_waited_for_a_password_or_a_pause_is_recorded_when_it_ran",
    ),
    Mutant(
        "a connection ends with its token",
        "../sim/serve/front.py",
        "if until_s is not None:\n            connection.expiry",
        "if False:\n            connection.expiry",
        "serve/test_access.py::test_a_token_ends_and_a_credential_provider_renews_it",
    ),
    Mutant(
        "who wants no replies gets none",
        "../sim/serve/connection.py",
        "return [] if self.silent else [packed(reply, self.session.protocol)]",
        "return [packed(reply, self.session.protocol)]",
        "serve/test_answers.py::test_replies_are_left_out_when_not_wanted",
    ),
    Mutant(
        "MONITOR shows no password",
        "../sim/serve/front.py",
        "if request[0].lower() in SECRET:",
        "if False:",
        "serve/test_answers.py::test_who_monitors_sees_what_is_asked_but_no_password",
    ),
]
