"""A compliant host through the Ansible module, beside the same questions asked by stock modules; one host, and five at once."""

import json
import os
import pathlib
import shutil
import subprocess

from harness import Row, Time, Unmeasured
from harness.bench import median

HAS_LIMITS = False
PLAYBOOK = "/usr/bin/ansible-playbook"
TOP = pathlib.Path.cwd()
MORE = ("bench-b", "bench-c", "bench-d", "bench-e")


def measure(bench):
    first = bench.host.name
    if not os.access(PLAYBOOK, os.X_OK):
        raise Unmeasured("ansible-core is not installed on this machine (Tests/Integrations/setup installs it)")
    prepare(bench, first)
    yield from figures(bench, "one host", [first])
    try:
        for name in MORE:
            lab("up", name)
            lab("install", name, bench.agent)
        yield from figures(bench, "five hosts at once", [first, *MORE])
    finally:
        for name in MORE:
            lab("down", name)


def prepare(bench, name):
    """A collection, and a play of its module alone."""
    collections = bench.scratch / "ansible_collections/relay_agent"
    collections.mkdir(parents=True)
    collections.joinpath("mail").symlink_to(TOP / "integrations/ansible")
    play = [{"hosts": "all", "gather_facts": False, "tasks": [{"relay_agent.mail.apply": {}}]}]
    bench.scratch.joinpath("module.yml").write_text(json.dumps(play), encoding="utf-8")
    shutil.copy("Benchmarks/ansible/questions.yml", bench.scratch)


def figures(bench, title, names):
    inventory = bench.scratch / f"{len(names)}.yml"
    hosts = {name: {"lab_name": name} for name in names}
    inventory.write_text(json.dumps({"all": {"hosts": hosts, "vars": {
        "ansible_connection": "lab", "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_remote_tmp": "/tmp/.ansible"}}}), encoding="utf-8")
    bench.say(f"the module beside stock modules, {title}")

    def play(playbook):
        return bench.check([
            "/usr/bin/env", "ANSIBLE_PIPELINING=1", f"ANSIBLE_COLLECTIONS_PATH={bench.scratch}",
            f"ANSIBLE_CONNECTION_PLUGINS={TOP}/Tests/Integrations/ansible/connection_plugins",
            f"LAB={TOP}/Tests/Lab/lab", PLAYBOOK, "--check", "--inventory", str(inventory),
            str(bench.scratch / playbook)])

    module, stock = bench.interleaved(lambda: play("module.yml"), lambda: play("questions.yml"))
    yield Row(
        f"Ansible module, {title}: wall", Time(median(module, "wall")), "command, lineinfile",
        Time(median(stock, "wall")))
    yield Row(
        f"Ansible module, {title}: CPU with children", Time(median(module, "cpu_with_children")),
        "command, lineinfile", Time(median(stock, "cpu_with_children")))


def lab(command, name, *arguments):
    subprocess.run(["Tests/Lab/lab", command, "--name", name, *arguments], check=True, stdout=subprocess.DEVNULL)
