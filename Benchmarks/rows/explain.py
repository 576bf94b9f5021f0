"""`agent explain`: a stock configuration over the start of the process, and large client maps."""

import pathlib
import shutil

from harness import Memory, Row, Time, TooSlow
from harness.bench import median, median_over

STOCK = pathlib.Path("Tests/Lab/host/etc/postfix")
OVER_START = Time(0.015)
MAP = Time(1.0)
MAP_PEAK = Memory(64 << 20)
MAP_ROWS = 100_000
MAP_DEADLINE = 20

# How a row of the map answers, by its number.
MAPS = {
    "hash, one row lets in": ("hash", lambda row: "OK" if row == 70_000 else "REJECT"),
    "cidr, one row lets in": ("cidr", lambda row: "OK" if row == 70_000 else "REJECT"),
    "hash, every third lets in": ("hash", lambda row: ("OK", "REJECT", "DUNNO")[row % 3]),
}
# explain: 0 closed, 2 open or partial.
CLOSED, RELAYS = 0, 2


def measure(bench):
    yield from start_up(bench)
    for name, (kind, answer) in MAPS.items():
        yield from client_map(bench, name, kind, answer)
    yield from live(bench)


def start_up(bench):
    bench.say("explain: a copy of a stock configuration")
    stock = copy(bench, "stock")
    explain, start = bench.interleaved(
        lambda: bench.check([bench.agent, "explain", "--postfix-config", str(stock)], statuses=(CLOSED,)),
        lambda: bench.check([bench.agent, "--version"]),
    )
    yield over_start("explain, stock copy", explain, start)


def over_start(name, explain, start):
    return Row(
        f"{name}: CPU over start", Time(median_over(explain, start, "cpu")), "agent --version",
        Time(median(start, "cpu")), limit=OVER_START)


def client_map(bench, name, kind, answer):
    bench.say(f"explain: a client map of {MAP_ROWS} rows ({name})")
    stock, large = copy(bench, "stock"), copy(bench, "map")
    write_map(large, kind, answer)
    title = f"explain, map ({name})"
    try:
        explain, floor = bench.interleaved(
            lambda: bench.check(
                [bench.agent, "explain", "--postfix-config", str(large)], statuses=(RELAYS,),
                deadline=MAP_DEADLINE),
            lambda: bench.check([bench.agent, "explain", "--postfix-config", str(stock)], statuses=(CLOSED,)),
        )
    except TooSlow as slow:
        yield Row(f"{title}: wall", Time(slow.seconds), limit=MAP, more_than=True)
        return
    yield Row(
        f"{title}: wall", Time(median(explain, "wall")), "stock copy", Time(median(floor, "wall")), limit=MAP)
    yield Row(
        f"{title}: peak memory", Memory(median(explain, "peak")), "stock copy", Memory(median(floor, "peak")),
        limit=MAP_PEAK)


def live(bench):
    host = bench.host
    bench.say("explain: the lab host itself")
    explain, start = bench.interleaved(
        lambda: bench.check([host.AGENT, "explain"], host, statuses=(CLOSED,)),
        lambda: bench.check([host.AGENT, "--version"], host),
    )
    yield over_start("explain, stock host", explain, start)


def copy(bench, name):
    directory = bench.scratch / name
    shutil.rmtree(directory, ignore_errors=True)
    return shutil.copytree(STOCK, directory)


def write_map(directory, kind, answer):
    """A client map that decides about relaying: asked first in the lists that smtpd evaluates for it."""
    with open(directory / "clients", "w", encoding="ascii") as clients:
        for row in range(MAP_ROWS):
            network = f"{11 + (row >> 16)}.{row >> 8 & 255}.{row & 255}"
            clients.write(f"{network + '.0/24' if kind == 'cidr' else network} {answer(row)}\n")
    # main.cf has a comment in Latin-1: bytes.
    main = (directory / "main.cf").read_bytes()
    lookup = f"check_client_access {kind}:/etc/postfix/clients".encode()
    for parameter in (b"smtpd_relay_restrictions", b"smtpd_recipient_restrictions"):
        before = b"\n" + parameter + b" = "
        if main.count(before) != 1:
            raise OSError(f"{STOCK}/main.cf no longer has one line for {parameter.decode()}")
        main = main.replace(before, before + lookup + b", ")
    (directory / "main.cf").write_bytes(main)
