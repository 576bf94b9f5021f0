"""`agent explain`: a stock configuration over the start of the process, and large client maps."""

import pathlib
import random
import shutil

from harness import Memory, Row, Time, TooSlow
from harness.bench import median, median_over

STOCK = pathlib.Path("Tests/Lab/host/etc/postfix")
OVER_START = Time(0.015)
MAP = Time(1.0)
MAP_PEAK = Memory(64 << 20)
MAP_ROWS = 100_000
MAP_DEADLINE = 20
PATTERNS = 50
PATTERN_TIME = Time(1.0)

# How a row of the map answers, by its number, and whether the map is there compiled as well.
MAPS = {
    "hash, one row lets in": ("hash", lambda row: "OK" if row == 70_000 else "REJECT", False),
    "hash, compiled": ("hash", lambda row: "OK" if row == 70_000 else "REJECT", True),
    "cidr, one row lets in": ("cidr", lambda row: "OK" if row == 70_000 else "REJECT", False),
    "hash, every third lets in": ("hash", lambda row: ("OK", "REJECT", "DUNNO")[row % 3], False),
}
# explain: 0 closed, 2 open or partial.
CLOSED, RELAYS = 0, 2


def measure(bench):
    yield from start_up(bench)
    for name, (kind, answer, is_compiled) in MAPS.items():
        yield from client_map(bench, name, kind, answer, is_compiled)
    yield from patterns(bench)
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


def client_map(bench, name, kind, answer, is_compiled):
    bench.say(f"explain: a client map of {MAP_ROWS} rows ({name})")
    stock, large = copy(bench, "stock"), copy(bench, "map")
    write_map(large, kind, answer)
    if is_compiled:
        compile_map(bench.host, large, kind)
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


def patterns(bench):
    """What lets a stranger in by several tables of patterns at once has to be looked for."""
    bench.say(f"explain: tables of {PATTERNS} patterns for senders, clients and names")
    stock, tables = copy(bench, "stock"), copy(bench, "patterns")
    write_patterns(tables)
    explain, floor = bench.interleaved(
        lambda: bench.check(
            [bench.agent, "explain", "--postfix-config", str(tables)], statuses=(RELAYS,), deadline=MAP_DEADLINE),
        lambda: bench.check([bench.agent, "explain", "--postfix-config", str(stock)], statuses=(CLOSED,)),
    )
    yield Row(
        "explain, patterns: wall", Time(median(explain, "wall")), "stock copy", Time(median(floor, "wall")),
        limit=PATTERN_TIME)


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
    ask_first(directory, f"check_client_access {kind}:/etc/postfix/clients")


def compile_map(host, directory, kind):
    """By the postmap of the lab host, as this machine may have none."""
    place = host.root / "root"
    shutil.copy(directory / "clients", place / "clients")
    host.lab("exec", "--", "/usr/sbin/postmap", f"{kind}:/root/clients")
    shutil.copy(place / "clients.db", directory / "clients.db")


def write_patterns(directory):
    """Refusals of one kind of spam or another, and rules that let somebody in, for each of three things that smtpd asks."""
    word = random.Random(1).choices
    letters = "abcdefghijklmnopqrstuvwxyz"

    def name(length):
        return "".join(word(letters, k=length))

    kinds = {
        "sender": lambda: (rf"/^{name(4)}.*@.*{name(6)}\.(com|net|biz)$/ REJECT", rf"/@{name(7)}\.{name(3)}$/ OK"),
        "client": lambda: (
            rf"/(dsl|dial|pool|cable)[.-]?.*{name(6)}\.(com|net)$/ REJECT", rf"/^mail[0-9]*\.{name(8)}\.com$/ OK"),
        "helo": lambda: (rf"/{name(5)}-?[0-9]+\.{name(5)}/ REJECT", rf"/^{name(8)}\.example$/ OK"),
    }
    for kind, rules in kinds.items():
        rows = [rule for _ in range(PATTERNS // 2) for rule in rules()]
        (directory / kind).write_text("".join(f"{row}\n" for row in rows), encoding="ascii")
    ask_first(directory, ", ".join(f"check_{kind}_access pcre:/etc/postfix/{kind}" for kind in kinds))


def ask_first(directory, lookup):
    # main.cf has a comment in Latin-1: bytes.
    main = (directory / "main.cf").read_bytes()
    for parameter in (b"smtpd_relay_restrictions", b"smtpd_recipient_restrictions"):
        before = b"\n" + parameter + b" = "
        if main.count(before) != 1:
            raise OSError(f"{STOCK}/main.cf no longer has one line for {parameter.decode()}")
        main = main.replace(before, before + lookup.encode() + b", ")
    (directory / "main.cf").write_bytes(main)
