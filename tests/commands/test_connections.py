"""The connection's own commands: what a session is after them, and how they stand to MULTI."""

from crdb.commands.connections import described
from crdb.session import Session
from tests.commands.conftest import Run


def test_hello_changes_the_protocol_only_when_all_of_it_is_right(run: Run) -> None:
    session = Session()
    assert run("HELLO 3 SETNAME jo AUTH bob x", session=session).startswith("WRONGPASS")
    assert (session.protocol, session.name) == (2, b"")
    hello = run("HELLO 3 AUTH default x SETNAME jo", session=session)
    assert hello[b"proto"] == session.protocol == 3
    assert run("CLIENT GETNAME", session=session) == b"jo"
    assert run("HELLO", session=session) == hello


def test_quit_is_not_queued(run: Run) -> None:
    session = Session()
    run("MULTI", session=session)
    assert run("QUIT", session=session) == "OK"
    assert session.closing


def test_client_info_says_who_it_is_and_what_it_does(run: Run) -> None:
    session = Session()
    session.number, session.address = 7, b"10.1.1.1:40000"
    for line in ("HELLO 3", "CLIENT SETINFO LIB-NAME lib", "PSUBSCRIBE a* b*", "WATCH k"):
        run(line, session=session)
    assert run("CLIENT ID", session=session) == 7
    assert run("CLIENT INFO", session=session) == (
        b"id=7 addr=10.1.1.1:40000 name= flags=P db=0 sub=0 psub=2 ssub=0 multi=-1 watch=1 "
        b"user=default resp=3 lib-name=lib\n"
    )
    run("MULTI", session=session)
    run("GET k", session=session)
    assert b" flags=Px " in described(session)
    assert b" multi=1 " in described(session)
