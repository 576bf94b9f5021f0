"""What it costs that nothing is lost: commits and syncs of an apply of one edit, and a long history."""

import json
import pathlib
import re
import shutil
import statistics
import subprocess

from harness import Count, Row, Time, Unmeasured
from harness.bench import median

COMMITS = Count(3)
OWN = Time(0.025)
HISTORY = Time(0.100)
STORE = "/var/lib/agent/agent.sqlite"
CALLS = "/root/calls"


def measure(bench):
    yield from own(bench)
    yield from apply(bench, bench.host)
    yield from history(bench, bench.host)


def own(bench):
    """On this machine's disk: in the lab host nothing that is synced reaches one."""
    program = pathlib.Path(bench.agent).with_name("safety-cost")
    if not program.exists():
        raise Unmeasured(f"{program} is not there: it is built with the program")
    place = pathlib.Path(".build/benchmarks/safety").resolve()
    shutil.rmtree(place, ignore_errors=True)
    try:
        # One round is a few milliseconds, and a disk has slow moments.
        done = subprocess.run(
            [program, place, str(10 * bench.rounds)], capture_output=True, text=True, timeout=300, check=False)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    if done.returncode != 0:
        raise Unmeasured(f"safety-cost ended with {done.returncode}: {done.stderr.strip()}")
    rounds = [json.loads(line) for line in done.stdout.splitlines()]
    yield Row(
        "apply of one edit: own time over the floor", Time(statistics.median(r["apply"] - r["floor"] for r in rounds)),
        "write, fsync, rename, fsync", Time(statistics.median(r["floor"] for r in rounds)), limit=OWN)


def apply(bench, host):
    """The second apply: the first one makes the store."""
    for _ in range(2):
        host.execute("rm", "-f", CALLS)
        host.lab("break", "mynetworks")
        command = ["strace", "-f", "-o", CALLS, "-e", "trace=fsync,fdatasync,unlink,renameat2,execve"]
        status, _, errors = host.execute(*command, host.AGENT, "apply", "--yes")
        if status != 0:
            raise Unmeasured(f"agent apply ended with {status}: {errors.strip().splitlines()[-1]}")
    calls = (host.root / CALLS.lstrip("/")).read_text(encoding="utf-8", errors="replace")
    host.execute("rm", "-f", CALLS)
    own = calls.splitlines()
    commits = sum(f'unlink("{STORE}-journal")' in line for line in own)
    syncs = sum(bool(re.search(r"\bf(data)?sync\(", line)) for line in own)
    host.lab("healthy")
    yield Row("apply of one edit: commits", Count(commits), limit=COMMITS)
    # What a careful editor does: the file, and its directory. Postfix's and Plesk's programs sync nothing here.
    yield Row("apply of one edit: syncs", Count(syncs), "write, fsync, rename, fsync", Count(2))


def history(bench, host):
    host.lab("break", "mynetworks")
    bench.check([host.AGENT, "apply", "--yes"], host)
    columns = (
        "kind, host, agent_version, policy_path, policy_sha256, plan_digest, relay_before, created, finished,"
        " outcome")
    status, _, errors = host.execute(
        "sqlite3", STORE,
        f"INSERT INTO change_set ({columns}) WITH RECURSIVE n (i) AS"
        f" (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99999)"
        f" SELECT {columns} FROM n, (SELECT * FROM change_set LIMIT 1)")
    if status != 0:
        raise Unmeasured(f"the history could not be filled: {errors.strip()}")
    long, start = bench.interleaved(
        lambda: bench.check([host.AGENT, "history"], host),
        lambda: bench.check([host.AGENT, "--version"], host),
    )
    host.lab("healthy")
    yield Row(
        "history, 100,000 change sets: wall", Time(median(long, "wall")), "agent --version",
        Time(median(start, "wall")), limit=HISTORY)
