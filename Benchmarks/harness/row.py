"""A row of the table, and what its figures are."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Time:
    seconds: float

    @property
    def value(self):
        return self.seconds

    def __str__(self):
        if self.seconds >= 10:
            return f"{self.seconds:.1f} s"
        milliseconds = self.seconds * 1000
        return f"{milliseconds:.1f} ms" if milliseconds < 100 else f"{milliseconds:.0f} ms"


@dataclass(frozen=True)
class Memory:
    size: float  # bytes

    @property
    def value(self):
        return self.size

    def __str__(self):
        return f"{self.size / (1 << 20):.1f} MiB"


@dataclass(frozen=True)
class Count:
    number: int

    @property
    def value(self):
        return self.number

    def __str__(self):
        return str(self.number)


@dataclass(frozen=True)
class Ratio:
    """A limit: at most so many times what stands beside the figure."""

    times: float

    def __str__(self):
        return f"{self.times:g} times"


@dataclass(frozen=True)
class Row:
    """A figure, what was measured beside it in the same run, and what it may come to at most.

    `more_than`: the program was stopped at its deadline, and the figure is that deadline.
    """

    name: str
    figure: Time | Memory | Count
    beside: str = ""
    other: Time | Memory | Count | None = None
    limit: Time | Memory | Count | Ratio | None = None
    more_than: bool = False

    @property
    def ratio(self):
        if self.other is None or self.other.value <= 0:
            return None
        return self.figure.value / self.other.value

    @property
    def is_over(self):
        match self.limit:
            case None:
                return False
            case Ratio(times):
                return self.ratio is None or self.ratio > times
            case limit:
                return self.more_than or self.figure.value > limit.value

    @property
    def cells(self):
        ratio = self.ratio
        return (
            self.name,
            f"> {self.figure}" if self.more_than else str(self.figure),
            f"{self.beside} {self.other}" if self.other is not None else "",
            "" if ratio is None else f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.3f}",
            "" if self.limit is None else f"at most {self.limit}",
            "" if self.limit is None else "OVER" if self.is_over else "ok",
        )
