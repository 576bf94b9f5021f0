"""The lab host, as the measurements enter it."""

import os
import pathlib
import subprocess

LAB = "Tests/Lab/lab"


class Host:
    """A lab that is up."""

    # What `lab exec` gives a command.
    ENVIRONMENT = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
        "USER": "root", "LOGNAME": "root", "SHELL": "/bin/bash", "LANG": "C.UTF-8", "TERM": "dumb",
    }
    AGENT = "/usr/local/bin/agent"

    def __init__(self, name):
        self.name = name
        self.root = pathlib.Path(self.lab("path").strip())
        first = self._first_process()
        self.namespaces = {
            kind: os.open(f"/proc/{first}/ns/{kind}", os.O_RDONLY)
            for kind in ("pid", "cgroup", "ipc", "uts", "net", "mnt")
        }

    def lab(self, command, *arguments):
        """Runs a command of the lab for this host. Returns its stdout; raises CalledProcessError."""
        words = [LAB, command, "--name", self.name, *arguments]
        return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout

    def execute(self, *command):
        """Runs a command in the host, unmeasured. Returns (exit status, stdout, stderr)."""
        words = [LAB, "exec", "--name", self.name, "--", *command]
        done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
        return done.returncode, done.stdout, done.stderr

    def _first_process(self):
        """The number that this machine gives the host's PID 1."""
        words = ["ip", "netns", "pids", f"agent-lab-{self.name}-host"]
        listed = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
        for number in listed.stdout.split():
            try:
                status = pathlib.Path(f"/proc/{number}/status").read_text(encoding="utf-8")
            except OSError:
                continue
            numbers = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[1:]
            if len(numbers) > 1 and numbers[-1] == "1":
                return number
        raise RuntimeError(f"the lab '{self.name}' has no first process")
