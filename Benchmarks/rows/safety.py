"""What it costs that nothing is lost: commits and syncs of an apply of one edit, and a long history."""

import re

from harness import Count, Row, Time, Unmeasured
from harness.bench import median

COMMITS = Count(5)
HISTORY = Time(0.100)
STORE = "/var/lib/agent/agent.sqlite"
CALLS = "/root/calls"


def measure(bench):
    yield from apply(bench, bench.host)
    yield from history(bench, bench.host)


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
