"""What rows are made with: see README.md, "How to add a row"."""

from .bench import Bench, NoHost, Unmeasured
from .host import Host
from .process import Measured, TooSlow, run
from .row import Count, Memory, Ratio, Row, Time

__all__ = [
    "Bench", "Count", "Host", "Measured", "Memory", "NoHost", "Ratio", "Row", "Time", "TooSlow", "Unmeasured", "run",
]
