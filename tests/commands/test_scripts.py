"""Scripts and functions: as the real server runs them, in a sandbox, and what peers see of them."""

import re
import sys
from hashlib import sha1

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdb.command import TABLE, Reply
from crdb.errors import CommandError
from crdb.lua import scripts
from crdb.replica import Replica
from crdb.replies import resp2
from crdb.session import Session, Waiter
from crdb.transaction import Transaction
from tests.commands.conftest import NOW_US, Run
from tests.oracle import Oracle
from tests.regions import Regions

WHERE = re.compile(r" script:( ?\w*,?)( on @user_\w+:\d+)?\.$")
VALKEY = {
    "This Valkey command": "This Redis command",
    "Unknown command called": "Unknown Redis command called",
    "args calling command from": "args calling Redis command from",
    "server.register": "redis.register",
    "No matching script.": "No matching script. Please use EVAL.",
}
"""Words of Valkey's errors -> those of Redis."""


def plain(reply: Reply) -> str:
    """A reply without what is another in every run, or what only Valkey says like this.

    As where in the script an error arose.
    """
    text = WHERE.sub("", str(reply)) if isinstance(reply, CommandError) else repr(reply)
    text = re.sub(r"table: 0x\w+", "table: 0x00000000", text)
    for theirs, ours in VALKEY.items():
        if ours not in text:
            text = text.replace(theirs, ours)
    return text


def compare(oracle: Oracle, requests: list[list[bytes]]) -> None:
    replica, session = Replica(1), Session()
    with oracle.clients(1) as [there]:
        there.execute([b"SCRIPT", b"FLUSH"])
        there.execute([b"FUNCTION", b"FLUSH"])
        for request in requests:
            ours = resp2(replica.execute(NOW_US, session, request, lambda n: 0))
            assert plain(ours) == plain(there.execute(request)), request


SCRIPTS = [
    *("return 1", "return 3.99", "return -3.99", "return 2^53", "return 2^70", "return 0/0"),
    *("return true", "return false", "return nil", "return {}", "return {1,2,nil,4}", "return"),
    *("return {1,'a',{ok='b'},{3.9}}", "return {err='x y'}", "return {ok='a', err='b'}"),
    *("return {ok=1}", "return {[1]='a', ok='z'}", "return {double=1.5}", "return 'a\\0b'"),
    *("return redis.error_reply('My err')", "return redis.error_reply('-My err')"),
    *("return redis.error_reply('word')", "return redis.status_reply('fine')"),
    *("return foo", "foo=1", "_G.x=1", "string.x=1", "redis.x=1", "return _VERSION"),
    *("error('boom')", "error({err='MY boom'})", "local ok,e=pcall(error,'x'); return e"),
    *(
        "x =",
        "goto x",
        "local a; return a.b",
        "return KEYS[1]",
        "return #ARGV",
        "return KEYS[1]..nil",
    ),
    *("return tostring(io)", "return tostring(require)", "return tostring(print)"),
    *("return tostring(debug)", "return tostring(dofile)", "return tostring(getfenv)"),
    *("return loadstring('return 4')()", "return select('#',1,2)", "return unpack({1,2})"),
    "local r = redis.call('nope') return r",
    "local r = redis.call() return r",
    "local r = redis.call({}) return r",
    "local r = redis.call('multi') return r",
    "local r = redis.call('subscribe', 'x') return r",
    "local r = redis.call('eval', 'return 1', 0) return r",
    "local r = redis.call('get', 'a', 'b') return r",
    "return redis.call('set', 'a', true)",
    "return redis.pcall('incr', 'a', 'b')",
    "redis.call('set', 'a', 'x'); return redis.call('incr', 'a')",
    "return tostring(redis.call('get', 'none'))",
    "return redis.call('set', 'k', 'v').ok",
    "return {redis.call('get', 'none'), redis.call('ping'), redis.call('sadd', 's', 1, 2)}",
    *(
        f"redis.call('set', 'f', {number}) return redis.call('get', 'f')"
        for number in ("1", "1.5", "0.1", "1e11", "1e17", "1e20", "2^53", "-0.25", "1/3", "1/0")
    ),
    *("return redis.setresp(3)", "return redis.setresp(4)", "return redis.replicate_commands()"),
    *("return redis.sha1hex('')", "return redis.sha1hex()", "return redis.log(1, 'x')"),
    *(
        "return cjson.encode({1,2,{a=1.5}})",
        "return cjson.encode({})",
        "return cjson.encode('/\\n')",
    ),
    *(
        "return cjson.encode(1/3)",
        "return cjson.encode(1e14)",
        "return cjson.encode({[1]=1,[5]=2})",
    ),
    *("local s = cjson.encode({[1]=1,[50]=2})", "return cjson.encode(cjson.decode('[]'))"),
    "return cjson.decode('{\"a\":null}').a == cjson.null",
    'return cjson.encode(cjson.decode(\'[1,[2,{"a":[true,null,"x"]}]]\'))',
    *("return bit.tohex(65535)", "return bit.band(-1,255)", "return bit.lshift(1,31)"),
    *(
        "return bit.bswap(1)",
        "return bit.rol(1,33)",
        "return bit.arshift(-8,1)",
        "return bit.bnot(0)",
    ),
    *("return bit.bxor(5,3,1)", "return bit.tohex(-1,4)", "return bit.tohex(255,-4)"),
    "#!lua flags=no-writes\nlocal r = redis.call('set','a','b') return r",
    *("#!lua flags=nope\nreturn 1", "#!lua name=x\nreturn 1", "#!lua\nreturn 7"),
    "return redis.call('publish', 'c', 'm')",
]


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_returns_what_it_returns_there(oracle: Oracle, script: str) -> None:
    compare(oracle, [[b"EVAL", script.encode(), b"0"]])


def eval_(script: bytes, *words: bytes) -> list[bytes]:
    return [b"EVAL", script, *words]


LIBRARY = b"""#!lua name=mine
local function double(number) return number * 2 end
redis.register_function('twice', function(keys, args) return double(args[1]) end)
redis.register_function{function_name='look', description='d', flags={'no-writes'},
  callback=function(keys) return redis.call('get', keys[1]) end}
redis.register_function('put', function(keys, args) return redis.call('set', keys[1], args[1]) end)
"""


@pytest.mark.parametrize(
    "request_",
    [
        *([b"EVAL", b"return 1", number, b"a"] for number in (b"-1", b"2", b"x", b"1", b"0")),
        [b"EVAL", b"return {KEYS[1],KEYS[2],ARGV[1]}", b"2", b"a", b"b", b"c"],
        [b"EVAL_RO", b"local r = redis.call('set','a','1') return r", b"0"],
        [b"EVALSHA", b"f" * 40, b"0"],
        *([b"SCRIPT", *line.split()] for line in (b"FLUSH X", b"FLUSH", b"KILL", b"EXISTS a b")),
        *([b"SCRIPT", b"LOAD", code] for code in (b"return 42", b"x =")),
        *([b"FCALL", *line.split()] for line in (b"twice 0 21", b"look 1 k", b"none 0")),
        *([b"FCALL", b"put", number, b"k", b"v"] for number in (b"1", b"x", b"-1", b"9")),
        *([b"FCALL_RO", *line.split()] for line in (b"put 1 k v", b"look 1 k")),
        *([b"FUNCTION", *line.split()] for line in (b"FLUSH X", b"FLUSH", b"KILL", b"STATS")),
        *([b"FUNCTION", *line.split()] for line in (b"LIST X", b"LIST LIBRARYNAME", b"DELETE no")),
        [b"FUNCTION", b"LOAD", LIBRARY],
        [b"FUNCTION", b"LOAD", b"REPLACE", LIBRARY],
        [b"FUNCTION", b"LOAD", b"bad", LIBRARY],
        *(
            [b"FUNCTION", b"LOAD", head + b"\n" + body]
            for head, body in [
                (b"", b"return 1"),
                (b"#!lua", b""),
                (b"#!js name=a", b""),
                (b"#!lua name=a-b", b""),
                (b"#!lua name=a", b"return 1"),
                (b"#!lua name=a", b"x="),
                (b"#!lua name=a", b"x=1"),
                (b"#!lua name=a", b"redis.register_function('twice', function() end)"),
                (b"#!lua name=a", b"redis.register_function('a-b', function() end)"),
                (b"#!lua name=a", b"redis.register_function('a')"),
                (b"#!lua name=a", b"redis.register_function('a', 'b')"),
                (b"#!lua name=a", b"redis.register_function{function_name='a'}"),
            ]
        ),
    ],
)
def test_requests_are_answered_as_there(oracle: Oracle, request_: list[bytes]) -> None:
    compare(oracle, [[b"SET", b"k", b"old"], [b"FUNCTION", b"LOAD", LIBRARY], request_])


# ── scripts from a small grammar ────────────────────────────────────────────────────────────────

words = st.sampled_from(["'a'", "'b'", "'1'", "'x'", "KEYS[1]", "ARGV[1]", "2", "1.5", "''"])
names = st.sampled_from(["'a'", "'b'", "KEYS[1]"])
commands = st.one_of(
    st.tuples(st.sampled_from(["get", "incr", "strlen", "ttl", "type", "del"]), names),
    st.tuples(
        st.sampled_from(["set", "append", "sadd", "srem", "sismember", "getset"]), names, words
    ),
    st.tuples(st.sampled_from(["mget", "exists", "scard", "nope", "get"]), names, names),
).map(lambda parts: f"'{parts[0]}', " + ", ".join(parts[1:]))
values = st.one_of(
    words,
    st.just("last"),
    commands.map(lambda each: f"redis.pcall({each})"),
    st.sampled_from(
        ["#KEYS", "nil", "true", "false", "{1, last, 3}", "{ok='fine'}", "tostring(last)"]
    ),
)
statements = st.one_of(
    commands.map(lambda each: f"last = redis.call({each})"),
    commands.map(lambda each: f"last = redis.pcall({each})"),
    values.map(lambda each: f"last = {each}"),
    st.tuples(values, commands).map(
        lambda two: f"if {two[0]} then last = redis.call({two[1]}) end"
    ),
    commands.map(lambda each: f"for i = 1, 3 do redis.pcall({each}) end"),
    commands.map(lambda each: f"pcall(function() redis.call({each}) end)"),
)
programs = st.tuples(st.lists(statements, max_size=6), values).map(
    lambda two: "local last\n" + "\n".join(two[0]) + f"\nreturn {two[1]}"
)


@given(programs=st.lists(programs, min_size=1, max_size=4))
def test_random_scripts_do_what_they_do_there(oracle: Oracle, programs: list[str]) -> None:
    requests = [eval_(program.encode(), b"1", b"k", b"7") for program in programs]
    compare(oracle, [*requests, *([b"TYPE", key] for key in (b"a", b"b", b"k"))])


# ── here ────────────────────────────────────────────────────────────────────────────────────────


def test_an_error_says_which_script_and_which_line(run: Run) -> None:
    script = b"local x = 1\nerror('boom')"
    sha = sha1(script).hexdigest()
    assert run("EVAL", script, "0") == (
        f"ERR user_script:2: boom script: {sha}, on @user_script:2."
    )


def test_peers_see_all_that_a_script_wrote_or_nothing() -> None:
    regions = Regions(2)
    script = b"for i = 1, 5 do redis.call('set', KEYS[i], i) end"
    regions.run(1, *eval_(script, b"5", b"a", b"b", b"c", b"d", b"e"))
    assert len({group for group, _, _ in regions[1].backlog.writes}) == 1
    regions.settle()
    assert regions.say(2, "MGET a b e") == [b"1", b"2", b"5"]
    assert regions.run(2, b"SCRIPT", b"EXISTS", sha1(script).hexdigest().encode()) == [0]


def test_a_stale_region_lets_scripts_read_and_not_write() -> None:
    regions = Regions(2)
    regions.restore(1)
    assert regions.run(1, *eval_(b"return redis.call('get', 'k')", b"0")) is None
    reply = regions.run(1, *eval_(b"local r = redis.call('set', 'k', 'v') return r", b"0"))
    assert "this region was restored" in str(reply)


def test_a_script_reads_its_regions_clock_and_chance_repeats(run: Run) -> None:
    assert run("EVAL", b"return redis.call('time')", "0") == [b"1700000000", b"0"]
    script = b"return {math.random(1000), math.random(1000), tostring(math.random())}"
    assert run("EVAL", script, "0") == run("EVAL", script, "0")
    assert run("EVAL", b"return tostring({}) .. tostring(redis.call)", "0") == (
        b"table: 0x00000000function: 0x00000000"
    )
    assert run("EVAL", b"math.randomseed(5) return math.random(1000)", "0") != (
        run("EVAL", b"math.randomseed(6) return math.random(1000)", "0")
    )


@pytest.mark.parametrize(
    "script",
    [
        b"while true do end",
        b"while true do pcall(function() end) end",
        b"coroutine.wrap(function() while true do end end)()",
        b"xpcall(function() while true do end end, function() while true do end end)",
        b"loadstring('while true do end')()",
    ],
)
def test_no_endless_loop_hangs(run: Run, script: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scripts, "INSTRUCTIONS_MAX", 100_000)
    assert str(run("EVAL", script, "0")).startswith("BUSY the script was stopped after 100000 ")
    assert run("EVAL", b"return 1", "0") == 1


def test_what_catches_the_error_of_the_limit_is_stopped_too(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scripts, "INSTRUCTIONS_MAX", 10_000)
    script = b"for i = 1, 20 do pcall(function() while true do end end) end return 'survived'"
    assert str(run("EVAL", script, "0")).startswith("BUSY ")


def test_a_coroutine_of_few_steps_at_a_time_is_counted(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scripts, "INSTRUCTIONS_MAX", 10_000)
    script = b"coroutine.wrap(function() for i = 1, 1e6 do end end)() return 'survived'"
    assert str(run("EVAL", script, "0")).startswith("BUSY ")


def test_nothing_waits_inside_a_script(replica: Replica, run: Run) -> None:
    def pause(txn: Transaction) -> Reply:
        return txn.wait([b"PAUSE"], [b"k"], 0)

    entry = msgspec.structs.replace(TABLE[b"ping"], name="pause", words_max=1, run=pause)
    TABLE[b"pause"] = entry
    try:
        assert isinstance(run("pause"), Waiter)
        replica.wake(NOW_US, lambda n: 0)
        for session in list(replica.waiting):
            replica.close(session)
        assert run("EVAL", b"return tostring(redis.call('pause'))", "0") == b"false"
        assert not replica.waiting
    finally:
        del TABLE[b"pause"]


@pytest.mark.parametrize(
    "script",
    [
        b"return python",
        b"return os",
        b"return string.dump",
        b"local r = redis.call.__class__ return r",
        b"return getmetatable(redis.call)",
        b"return getmetatable(_G)",
        b"return getmetatable(redis)",
        b"return loadstring('\\27Lua')",
        b"return collectgarbage",
    ],
)
def test_nothing_of_python_or_the_machine_is_reachable(run: Run, script: bytes) -> None:
    reply = run("EVAL", script, "0")
    assert reply is None or str(reply).startswith("ERR user_script:1:")


def test_what_one_script_changes_no_other_sees(run: Run) -> None:
    for change in (b"rawset(redis, 'x', 1)", b"rawset(string, 'rep', 1)", b"rawset(_G, 'x', 1)"):
        assert "Attempt to modify a readonly table" in run("EVAL", change, "0")
    assert run("EVAL", b"local s = getmetatable('') return rawget(s, '__index')", "0") is None
    assert run("EVAL", b"return ('x'):rep(3)", "0") == b"xxx"


def test_memory_is_limited(run: Run) -> None:
    assert run("EVAL", b"return ('x'):rep(1e9)", "0").startswith("ERR not enough memory")
    assert run("EVAL", b"return 1", "0") == 1


def test_in_resp3_maps_and_doubles_arrive_as_such(run: Run) -> None:
    run("SADD s a")
    script = b"redis.setresp(3) return redis.call('command', 'docs', 'get').map.get.map.arity"
    assert run("EVAL", script, "0") == 2
    assert run("EVAL", b"return {double=1.5}", "0") == 1.5
    assert run("EVAL", b"return {map={a=1}}", "0") == {b"a": 1}


def test_set_repl_is_refused_as_the_product_does(run: Run) -> None:
    reply = run("EVAL", b"redis.set_repl(redis.REPL_NONE)", "0")
    assert reply.startswith("ERR redis.set_repl() is not supported in Active-Active databases")


def test_what_a_script_wrote_before_its_error_stays(run: Run) -> None:
    run("EVAL", b"redis.call('set', 'k', 'v') redis.call('nope')", "0")
    assert run("GET k") == b"v"


def test_known_scripts_are_run_by_their_sum(run: Run) -> None:
    sha = run("SCRIPT LOAD", b"return ARGV[1]")
    assert run("EVALSHA", sha.upper(), "0 x") == b"x"
    assert run("SCRIPT EXISTS", sha, b"no") == [1, 0]
    assert run("SCRIPT FLUSH ASYNC") == "OK"
    assert run("EVALSHA", sha, "0") == "NOSCRIPT No matching script. Please use EVAL."


def test_libraries_are_listed_and_deleted(run: Run) -> None:
    run("FUNCTION LOAD", LIBRARY)
    (listed,) = run("FUNCTION LIST WITHCODE LIBRARYNAME m*")
    assert [each[b"name"] for each in listed[b"functions"]] == [b"look", b"put", b"twice"]
    assert listed[b"library_code"] == LIBRARY
    assert run("FUNCTION LIST LIBRARYNAME x*") == []
    assert run("FUNCTION DELETE mine") == "OK"
    assert run("FCALL twice 0 1") == "ERR Function not found"


def test_in_a_transaction_a_script_is_a_command_like_others(run: Run) -> None:
    run("MULTI")
    run("EVAL", b"return redis.call('incr', 'n')", "0")
    run("INCR n")
    assert run("EXEC") == [1, 2]


def test_without_lua_the_error_says_what_to_install(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lupa", None)
    assert run("EVAL", b"return 1", "0") == (
        "ERR scripts need Lua: pip install 'crdb-sim[scripts]'"
    )
    assert run("SCRIPT EXISTS a") == [0]
