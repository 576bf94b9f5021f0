"""`agent probe` from outside beside nmap's smtp-open-relay, and beside one plain dialogue with the same server."""

import shutil
import socket
import subprocess
import sys
import time
import statistics

from harness import Ratio, Row, Time, Unmeasured

SERVER = "203.0.113.10"
# As many refusals as one connection of the probe asks for.
QUESTIONS = 7


def measure(bench):
    bench.host  # Raises where there is none.
    bench.say("the whole catalogue on port 25, from outside")
    probes, dialogues = [], []
    outside([bench.agent, "probe", f"{SERVER}:25"])
    for _ in range(bench.rounds):
        probes.append(outside([bench.agent, "probe", f"{SERVER}:25"]))
        dialogues.append(outside([sys.executable, __file__]))
    probe = statistics.median(probes)
    yield Row(
        "probe, closed Postfix: wall", Time(probe), "one dialogue", Time(statistics.median(dialogues)), limit=Ratio(3))
    nmap = shutil.which("nmap")
    if nmap is None:
        raise Unmeasured("nmap is not installed here")
    bench.say("nmap --script smtp-open-relay")
    peer = outside([nmap, "-Pn", "-n", "-p", "25", "--script", "smtp-open-relay", SERVER])
    yield Row("probe beside nmap: wall", Time(probe), "nmap smtp-open-relay", Time(peer), limit=Ratio(0.1))


def outside(command):
    """How long a command takes in the world outside the lab host."""
    began = time.monotonic()
    run = subprocess.run(
        ["Tests/Lab/lab", "outside", "--name", "bench", "--", *command], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
    if run.returncode:
        raise Unmeasured(f"exit status {run.returncode} of {command[0]}: {run.stdout[-200:]}")
    return time.monotonic() - began


def dialogue():
    """One client that asks in vain, as the probe's own connections do, and leaves."""
    with socket.create_connection((SERVER, 25), 30) as connection:
        replies = connection.makefile("rb")

        def reply():
            while replies.readline()[3:4] == b"-":
                pass

        reply()
        for line in ["EHLO outside.example"] + QUESTIONS * ["MAIL FROM:<>", "RCPT TO:<x@example.org>", "RSET"] + ["QUIT"]:
            connection.sendall(line.encode() + b"\r\n")
            reply()


if __name__ == "__main__":
    dialogue()
