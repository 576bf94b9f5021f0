"""What a row is given to measure with."""

import os
import pathlib
import statistics
import sys

from .host import Host
from .process import DEADLINE, run


class Unmeasured(Exception):
    """Why rows could not be measured, as a sentence for the table."""


class NoHost(Unmeasured):
    """No lab can be had on this machine."""


class Bench:
    def __init__(self, environment=os.environ):
        self.agent = environment["AGENT"]
        self.rounds = int(environment["ROUNDS"])
        self.scratch = pathlib.Path(environment["BENCH_SCRATCH"])
        self._reason = environment["BENCH_NO_LAB"]
        self._host = Host(environment["BENCH_LAB"]) if environment["BENCH_LAB"] else None

    @property
    def host(self):
        """The lab host, healthy, with the binary installed. Raises NoHost."""
        if self._host is None:
            raise NoHost(self._reason)
        return self._host

    def say(self, text):
        print(f"bench: {text}", file=sys.stderr, flush=True)

    def check(self, command, host=None, statuses=(0,), deadline=DEADLINE):
        """One run, whose exit status must be one of `statuses`. Raises Unmeasured, TooSlow."""
        try:
            measured = run(command, host, deadline)
        except OSError as problem:
            raise Unmeasured(str(problem)) from problem
        if measured.status not in statuses:
            shown = " ".join(command)[:80]
            last = (measured.errors.strip().splitlines() or ["it said nothing"])[-1]
            raise Unmeasured(f"exit status {measured.status} of {shown}: {last}")
        return measured

    def interleaved(self, *runs, rounds=None):
        """Measures each of `runs` (functions without arguments) `rounds` times: A B C, A B C, ...

        Each is run once before, so that all find the caches warm.
        Returns one list of Measured for each.
        """
        for each in runs:
            each()
        taken = [[each() for each in runs] for _ in range(rounds or self.rounds)]
        return [list(column) for column in zip(*taken)]


def median(measured, field):
    return statistics.median(getattr(one, field) for one in measured)


def median_over(measured, floor, field):
    """The median of what each run took more than the run of the floor in the same round."""
    return statistics.median(
        getattr(one, field) - getattr(other, field) for one, other in zip(measured, floor))
