"""`agent plan` beside an Ansible play in check mode that asks the same questions. No limits: a peer."""

import pathlib
import shutil
import subprocess

from harness import Memory, Row, Time, Unmeasured
from harness.bench import median

HAS_LIMITS = False
PACKAGE = "ansible-core"
CACHE = pathlib.Path(".build/benchmarks/debs")
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
    """Installs Debian's package in the host's overlay, which goes with the lab.

    The host has no way out: this machine's apt fetches what the host's own list of packages lacks.
    """
    CACHE.joinpath("partial").mkdir(parents=True, exist_ok=True)
    try:
        fetch(host)
    except Unmeasured:
        apt("update")
        fetch(host)
    directory = host.root / "root/bench"
    directory.mkdir(exist_ok=True)
    shutil.copy("Benchmarks/ansible/questions.yml", host.root / PLAYBOOK.lstrip("/"))
    packages = newest(CACHE.glob("*.deb"))
    for package in packages:
        shutil.copy(package, directory)
    # apt and not dpkg: it knows the order. It is given no sources, so that it takes these files alone.
    status, _, errors = host.execute(
        "/usr/bin/env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet", "--yes",
        "--no-install-recommends", "-o", "APT::Sandbox::User=root", "-o", "Dir::Etc::sourcelist=/dev/null",
        "-o", "Dir::Etc::sourceparts=/dev/null", "-o", "Dpkg::Options::=--force-unsafe-io",
        "install", *(f"/root/bench/{package.name}" for package in packages))
    for package in packages:
        directory.joinpath(package.name).unlink()
    if status != 0:
        raise Unmeasured(f"{PACKAGE} could not be installed in the host: {last_line(errors)}")


def newest(packages):
    """One file a package: an earlier run may have left an older version."""
    by_name = {}
    for package in sorted(packages, key=lambda package: package.stat().st_mtime):
        by_name[package.name.split("_")[0]] = package
    return list(by_name.values())


def fetch(host):
    apt(
        "-o", "Debug::NoLocking=1", "-o", f"Dir::State::status={host.root}/var/lib/dpkg/status",
        "-o", "Dir::State::extended_states=/dev/null", "-o", f"Dir::Cache::archives={CACHE.resolve()}",
        "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=", "-o", "APT::Sandbox::User=root",
        "--yes", "--no-install-recommends", "--download-only", "install", PACKAGE)


def apt(*arguments):
    done = subprocess.run(["apt-get", "--quiet", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unmeasured(f"{PACKAGE} could not be fetched: {last_line(done.stderr)}")


def last_line(text):
    return (text.strip().splitlines() or ["nothing was said"])[-1]
