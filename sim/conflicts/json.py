"""What concurrent operations on JSON documents come to."""

from sim.conflicts._stories import Story

SET_A, SET_A_ELSE, INCREMENT = "JSON.SET k $.a 2", "JSON.SET k $.a 3", "JSON.NUMINCRBY k $.a 5"
SET_B, DELETE_A = "JSON.SET k $.b 4", "JSON.DEL k $.a"
APPEND, POP, CLEAR = "JSON.ARRAPPEND k $.l 7", "JSON.ARRPOP k $.l 0", "JSON.CLEAR k $.l"
ROOT, DELETE = 'JSON.SET k $ {"a":9}', "DEL k"

STORY = Story(
    title="json",
    rule="No clock decides: an assignment makes a new node, of two the one of the smaller region "
    "shows, and what is done inside of a node ends with it.",
    begin=['JSON.SET k $ {"a":1,"l":[1,2]}'],
    operations=[
        SET_A,
        SET_A_ELSE,
        SET_B,
        INCREMENT,
        DELETE_A,
        APPEND,
        POP,
        CLEAR,
        ROOT,
        DELETE,
    ],
    read="JSON.GET k",
    source="develop/data-types/json",
    published=[
        (SET_A, SET_A),
        (SET_A, SET_A_ELSE),
        (SET_A, SET_B),
        (SET_A_ELSE, SET_B),
        (SET_A, DELETE_A),
        (SET_A_ELSE, DELETE_A),
        (APPEND, APPEND),
        (APPEND, POP),
        (APPEND, CLEAR),
        (SET_A, ROOT),
        (SET_A_ELSE, ROOT),
        (ROOT, ROOT),
        (ROOT, DELETE),
    ],
    ours=[(INCREMENT, other) for other in (SET_A, SET_A_ELSE, INCREMENT, DELETE_A, ROOT, DELETE)],
    otherwise="inferred",
)
