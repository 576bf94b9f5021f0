"""`agent plan` beside an Ansible play in check mode that asks the same questions. No limits: a peer."""

import shutil
import subprocess

from harness import Memory, Row, Time, Unmeasured
from harness.bench import median

HAS_LIMITS = False
PACKAGE = "ansible-core"
PLAYBOOK = "/root/bench/questions.yml"


def measure(bench):
    host = bench.host
    bench.say(f"installing {PACKAGE} in the lab host")
    install(host)
    play = [
        "/usr/bin/env", "ANSIBLE_PIPELINING=1", "/usr/bin/ansible-playbook", "--check",
        "--inventory", "localhost,", "--connection", "local",
        "--extra-vars", "ansible_python_interpreter=/usr/bin/python3", PLAYBOOK,
    ]
    bench.say("plan beside ansible-playbook --check")
    plan, peer = bench.interleaved(
        lambda: bench.check([host.AGENT, "plan"], host),
        lambda: bench.check(play, host),
    )
    name, beside = "plan beside Ansible", "ansible-playbook --check"
    yield Row(f"{name}: wall", Time(median(plan, "wall")), beside, Time(median(peer, "wall")))
    yield Row(
        f"{name}: CPU with children", Time(median(plan, "cpu_with_children")), beside,
        Time(median(peer, "cpu_with_children")))
    yield Row(
        f"{name}: peak memory", Memory(median(plan, "peak")), beside, Memory(median(peer, "peak")))


def install(host):
    """Installs Debian's package in the host's overlay, which goes with the lab."""
    try:
        host.lab("add", PACKAGE)
    except subprocess.CalledProcessError as problem:
        raise Unmeasured(f"{PACKAGE} could not be installed in the host") from problem
    directory = host.root / "root/bench"
    directory.mkdir(exist_ok=True)
    shutil.copy("Benchmarks/ansible/questions.yml", host.root / PLAYBOOK.lstrip("/"))
