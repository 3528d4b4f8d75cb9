"""Keepalive: probes on a connection that is silent, as TCP sends them if a program asks for it.

After so long without a segment from the other end, an end asks whether it is there; without answer
it asks again at an interval, and after so many probes the connection is lost (RFC 1122, 4.2.3.6;
the settings are those of Linux's ``tcp(7)``). While segments are on their way nothing is asked:
they have a time-out of their own.

redis-py 8 asks for it unless it is told not to. So a balancer that cuts what is silent for minutes
never sees such a connection silent, and a subscriber learns in three quarters of a minute that it
hears nobody.
"""

import errno

from sim.ends import End
from sim.engine import Call

SECOND_US = 1_000_000


class Keepalive:
    """The probes of one end."""

    def __init__(self, end: End) -> None:
        """With Linux's defaults: two hours, 75 seconds, nine probes."""
        self.idle_us = 7200 * SECOND_US
        self.interval_us = 75 * SECOND_US
        self.probes = 9
        self._end = end
        self._asked = 0
        self._asked_us = 0
        self._alarm: Call | None = None

    def begin(self) -> None:
        """Watch, or watch by changed settings."""
        self.stop()
        if not self._end.gone:
            self._watch(self.idle_us)

    def stop(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _watch(self, wait_us: int) -> None:
        self._alarm = self._end.engine.call_in(wait_us, self._ring)

    def _ring(self, _: object) -> None:
        self._alarm = None
        end = self._end
        if end.gone:
            return
        now_us = end.engine.now
        if end.heard_us >= self._asked_us:
            self._asked = 0
        left_us = end.heard_us + self.idle_us - now_us
        if end.busy():
            self._watch(self.idle_us)
        elif not self._asked and left_us > 0:
            self._watch(left_us)
        elif self._asked == self.probes:
            end.break_off(TimeoutError, errno.ETIMEDOUT)
        else:
            self._asked += 1
            self._asked_us = now_us
            end.probe()
            self._watch(self.interval_us)
