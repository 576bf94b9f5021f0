"""A thousand hosts that have themselves probed at once by one `agent vantage serve`, beside a bare client."""

import json
import subprocess

from harness import Count, Memory, Row, Time, Unmeasured

HOSTS = 1000


def measure(bench):
    bench.say(f"{HOSTS} hosts at one vantage")
    try:
        run = subprocess.run(
            ["/usr/bin/unshare", "--net", "/usr/bin/python3", "Benchmarks/harness/crowd.py", bench.agent, str(HOSTS),
             str(bench.scratch)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, timeout=600)
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise Unmeasured(str(problem)) from problem
    if run.returncode:
        raise Unmeasured((run.stderr.strip().splitlines() or ["it said nothing"])[-1])
    said = json.loads(run.stdout)
    beside, dialogues = "the same without verdicts", said["dialogues"]
    yield Row("vantage: hosts without a report", Count(HOSTS - said["reports"]), limit=Count(0))
    # 300 dialogues a second at least.
    yield Row(
        f"vantage: {dialogues} dialogues", Time(said["seconds"]), beside, Time(said["bare"]),
        limit=Time(dialogues / 300))
    yield Row("vantage: peak memory", Memory(said["peak"]), limit=Memory(200 << 20))
