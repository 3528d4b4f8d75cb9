"""Every conflict in one table: each pair of concurrent operations of a type, and what comes of it.

Each type has a file here that says from where its story starts, which operations meet and how to
read the result. Nothing of a result is typed: `outcome` runs the two operations in two regions
that cannot hear each other, heals, and reads. It does so four times, with either operation in the
region of the smaller id and either at the later time, so that a rule that looks at the clock or at
the region shows itself as one.

>>> from sim.conflicts import sets, strings
>>> print(outcome(sets.STORY, "SADD k a", "SREM k a"))
{a, b, c}
>>> print(outcome(strings.STORY, "SET k x", "SET k y"))
`SET k x` later: x; `SET k y` later: y

``docs/conflicts.md`` is the output of ``python -m sim.conflicts``.
"""

from sim.conflicts._page import Met as Met
from sim.conflicts._page import page as page
from sim.conflicts._page import rows as rows
from sim.conflicts._stories import Story as Story
from sim.conflicts._stories import begun as begun
from sim.conflicts._stories import outcome as outcome
from sim.conflicts._stories import stories as stories
