"""`agent plan` on the lab host: how much longer than the slowest program that it has to run."""

from harness import Memory, Ratio, Row, Time, Unmeasured
from harness.bench import median

LONGEST = Ratio(1.2)
PROCESSOR_TIME = Time(0.060)
PEAK = Memory(40 << 20)


def measure(bench):
    host = bench.host
    yield from figures(bench, host, "plan, compliant host")
    host.lab("break", "all")
    try:
        yield from figures(bench, host, "plan, broken host")
    finally:
        host.lab("healthy")


def figures(bench, host, name):
    agent = host.AGENT
    slowest = slowest_program(bench, host)
    shown = " ".join(slowest).removeprefix("/usr/sbin/")[:40]
    bench.say(f"{name}: beside {shown}")
    plan, floor, start = bench.interleaved(
        lambda: bench.check([agent, "plan"], host),
        lambda: bench.check(slowest, host),
        lambda: bench.check([agent, "--version"], host),
    )
    yield Row(
        f"{name}: wall", Time(median(plan, "wall")), shown, Time(median(floor, "wall")), limit=LONGEST)
    yield Row(
        f"{name}: own CPU", Time(median(plan, "cpu")), "agent --version", Time(median(start, "cpu")),
        limit=PROCESSOR_TIME)
    yield Row(
        f"{name}: peak memory", Memory(median(plan, "peak")), "agent --version",
        Memory(median(start, "peak")), limit=PEAK)


def slowest_program(bench, host):
    """Of the programs that the plan runs, the one that takes longest when it is run alone."""
    programs = programs_run(host)
    bench.say(f"timing alone the {len(programs)} programs that `agent plan` runs")
    alone = [lambda program=program: run_alone(bench, program, host) for program in programs]
    times = bench.interleaved(*alone, rounds=3)
    return max(zip(programs, times), key=lambda pair: median(pair[1], "wall"))[0]


def run_alone(bench, program, host):
    # systemctl and others say by their status what they found: what counts here is that they ran.
    return bench.check(program, host, statuses=range(0, 126))


def programs_run(host):
    """What `agent plan --verbose` says that it runs: a line of "+ " and the words, for each.

    The words are not quoted. Those with spaces in them are queries, which end their line, after -e.
    """
    status, _, errors = host.execute("agent", "plan", "--verbose")
    programs = []
    for line in errors.splitlines():
        if line.startswith("+ /"):
            before, option, query = line[2:].partition(" -e ")
            programs.append(before.split() + (["-e", query] if option else []))
    if status != 0 or not programs:
        raise Unmeasured(f"`agent plan --verbose` (exit status {status}) names no program that it runs")
    return programs
