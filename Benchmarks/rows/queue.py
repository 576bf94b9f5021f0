"""The flooded queue: 200,000 messages in Postfix's queue, counted and explained."""

from harness import Memory, Ratio, Row, Time
from harness.bench import median

MESSAGES = 200_000
COUNT_OVER_FIND = Ratio(1.5)
COUNT_OVER_MAILQ = Ratio(1 / 20)
EXPLAIN = Time(60)
PEAK = Memory(150 << 20)
QUEUES = "incoming active deferred hold corrupt maildrop"
FIND = ["/bin/sh", "-c", f"cd /var/spool/postfix && find {QUEUES} -type f | wc -l"]
MAILQ = ["/bin/sh", "-c", "/usr/bin/mailq | tail -1"]


def measure(bench):
    host = bench.host
    bench.say(f"filling the queue with {MESSAGES} messages: some minutes")
    host.lab("flood", "100", "100", "100", "60", "234")
    host.lab("multiply", str(MESSAGES))
    try:
        yield from counting(bench, host)
        yield from explaining(bench, host)
    finally:
        host.lab("healthy")


def counting(bench, host):
    count, find, mailq = bench.interleaved(
        lambda: bench.check([host.AGENT, "queue", "--count"], host),
        lambda: bench.check(FIND, host),
        lambda: bench.check(MAILQ, host),
    )
    sizes = bench.interleaved(lambda: bench.check([host.AGENT, "queue", "--count", "--sizes"], host))[0]
    name = f"queue --count, {MESSAGES:,} messages: "
    yield Row(
        name + "wall", Time(median(count, "wall")), "find | wc -l", Time(median(find, "wall")), limit=COUNT_OVER_FIND)
    yield Row(
        name + "wall", Time(median(count, "wall")), "mailq | tail -1", Time(median(mailq, "wall")),
        limit=COUNT_OVER_MAILQ)
    yield Row(name + "peak memory", Memory(median(count, "peak")), limit=PEAK)
    yield Row(
        f"queue --count --sizes, {MESSAGES:,} messages: wall", Time(median(sizes, "wall")), "find | wc -l",
        Time(median(find, "wall")))


def explaining(bench, host):
    explain, listing, shape = bench.interleaved(
        lambda: bench.check([host.AGENT, "queue"], host, deadline=300),
        lambda: bench.check(["/usr/sbin/postqueue", "-j"], host, deadline=300),
        lambda: bench.check(["/usr/sbin/qshape", "deferred"], host, deadline=300),
        rounds=3,
    )
    name = f"queue, {MESSAGES:,} messages: "
    yield Row(name + "wall", Time(median(explain, "wall")), limit=EXPLAIN)
    yield Row(name + "wall", Time(median(explain, "wall")), "postqueue -j", Time(median(listing, "wall")))
    yield Row(name + "wall", Time(median(explain, "wall")), "qshape deferred", Time(median(shape, "wall")))
    yield Row(name + "peak memory", Memory(median(explain, "peak")), limit=PEAK)
