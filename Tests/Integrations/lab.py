"""Lab hosts as the tests of the integrations use them (Tests/Lab/lab)."""

import os
import pathlib
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]
LAB = TOP / "Tests/Lab/lab"
AGENT = pathlib.Path(os.environ.get("AGENT", TOP / ".build/debug/agent")).resolve()
# Where outside tools are installed and packages are built.
BUILD = TOP / ".build/integrations"
BASE_NAME = os.environ.get("AGENT_TEST_LAB", "test")


def able():
    """Why no lab can be had on this machine; an empty string where one can."""
    done = subprocess.run([LAB, "able"], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr.strip()


class Lab:
    """One lab, by a name of its own beside other labs of this run."""

    def __init__(self, suffix):
        self.name = BASE_NAME[:18] + suffix

    def __call__(self, command, *arguments):
        """A command of the lab that must succeed; returns its stdout."""
        done = subprocess.run(
            [LAB, command, "--name", self.name, *arguments], capture_output=True, text=True, errors="replace",
            check=False)
        if done.returncode != 0:
            raise RuntimeError(f"lab {command} {' '.join(map(str, arguments))}: {done.stdout}{done.stderr}")
        return done.stdout

    def up(self, with_agent=True):
        self("up")
        if with_agent:
            self("install", str(AGENT))
        self.reset()

    def reset(self):
        self("healthy")
        self("switch", "start-time", "0")

    def down(self):
        self("down")

    @property
    def root(self):
        """The host's root directory as this machine sees it."""
        return pathlib.Path(self("path").strip())

    def run(self, *command, input=None):
        """Runs a command in the host, whatever its exit status is; that, stdout and stderr are returned."""
        done = subprocess.run(
            [LAB, "exec", "--name", self.name, "--", *map(str, command)], input=input or "", capture_output=True,
            text=True, errors="replace", check=False)
        return done.returncode, done.stdout, done.stderr

    def shell(self, script):
        """Runs a script in the host that must succeed; returns its stdout."""
        status, output, errors = self.run("/bin/sh", "-e", "-c", script)
        if status != 0:
            raise RuntimeError(f"{script}: exit status {status}: {output}{errors}")
        return output
