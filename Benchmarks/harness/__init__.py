"""What rows are made with: see README.md, "How to add a row"."""

from .bench import Bench, NoHost, Unmeasured
from .host import Host
from .process import Measured, TooSlow, run
from .row import Memory, Ratio, Row, Time

__all__ = [
    "Bench", "Host", "Measured", "Memory", "NoHost", "Ratio", "Row", "Time", "TooSlow", "Unmeasured", "run",
]
