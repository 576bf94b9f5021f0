"""Runs one program and measures it: how long it took, its own processor time, its peak memory.

Two processes are forked for it. The keeper turns to the PID namespace of the host and waits; its child turns
to the other namespaces and becomes the program, so that the program's parent is on this machine and can look
at what is left of it before it is waited for.
"""

import ctypes
import json
import os
import resource
import signal
import tempfile
import time
from typing import NamedTuple

DEADLINE = 120
MACHINE_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath), "HOME": "/", "LANG": "C.UTF-8", "TERM": "dumb",
}
libc = ctypes.CDLL(None, use_errno=True)


class Measured(NamedTuple):
    """One run. Seconds and bytes."""

    wall: float  # from just before execve(2) to the end
    cpu: float  # user and system time of the process, all its threads, without its children
    cpu_with_children: float  # the same with every program that it ran and waited for
    peak: int  # ru_maxrss: the largest of the process and of each program that it waited for
    status: int  # exit status; negative: the signal that ended it
    errors: str  # the last of what it wrote to stderr


class TooSlow(Exception):
    """The program had not ended at its deadline and was killed."""

    def __init__(self, seconds):
        super().__init__(f"not done after {seconds} s")
        self.seconds = seconds


def run(command, host=None, deadline=DEADLINE):
    """Runs `command` (absolute path, arguments) in `host`, or on this machine.

    stdout goes to /dev/null, stderr to a file.
    Raises OSError where the program cannot be started, TooSlow after `deadline` seconds.
    """
    reading, writing = os.pipe()
    with tempfile.TemporaryFile() as errors:
        # Ctrl-C waits until the keeper is one: a fork that is interrupted would go on as the harness.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        keeper = os.fork()
        if keeper == 0:
            os.close(reading)
            keep(command, host, deadline, errors.fileno(), writing)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        os.close(writing)
        with open(reading, encoding="utf-8") as answer:
            text = answer.read()
        os.waitpid(keeper, 0)
        errors.seek(0)
        tail = errors.read()[-2000:].decode(errors="replace")
    record = json.loads(text) if text else {"error": "the measuring process ended early"}
    if "error" in record:
        raise OSError(f"{command[0]}: {record['error']}")
    if record.pop("late"):
        raise TooSlow(deadline)
    return Measured(errors=tail, **record)


def enter(descriptor):
    if libc.setns(descriptor, 0) != 0:
        raise OSError(ctypes.get_errno(), "setns: " + os.strerror(ctypes.get_errno()))


def keep(command, host, deadline, errors, writing):
    """The keeper: writes one JSON object and ends, whatever happens."""
    try:
        # Ctrl-C is for the program and for the harness: the keeper ends with the program.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        try:
            record = watch(command, host, deadline, errors)
        except OSError as problem:
            record = {"error": str(problem)}
        os.write(writing, json.dumps(record).encode())
    finally:
        os._exit(0)


def watch(command, host, deadline, errors):
    if host:
        enter(host.namespaces["pid"])
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        become(command, host, errors, writing)
    os.close(writing)

    late = []

    def end(*_):
        late.append(True)
        os.kill(child, signal.SIGKILL)

    signal.signal(signal.SIGALRM, end)
    signal.alarm(deadline)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    ended = time.monotonic()
    signal.alarm(0)

    with open(reading, "rb") as report:
        start, used, problem = json.loads(report.read())
    cpu = processor_time(child)
    _, status, usage = os.wait4(child, 0)
    if problem:
        return {"error": problem}
    return {
        "wall": ended - start,
        "cpu": cpu - used,
        "cpu_with_children": usage.ru_utime + usage.ru_stime - used,
        "peak": usage.ru_maxrss * 1024,
        "status": os.waitstatus_to_exitcode(status),
        "late": bool(late),
    }


def processor_time(process):
    """The processor time of another process, ended but not yet waited for: all threads, no children.

    The clock is what clock_getcpuclockid(3) gives for a process: nanoseconds, where /proc/PID/stat has ticks.
    """
    return time.clock_gettime((~process << 3) | 2)


def become(command, host, errors, writing):
    start = used = 0.0
    try:
        environment = MACHINE_ENVIRONMENT
        if host:
            for kind in ("cgroup", "ipc", "uts", "net", "mnt"):
                enter(host.namespaces[kind])
            environment = host.ENVIRONMENT
        os.chdir(environment["HOME"])
        null = os.open(os.devnull, os.O_RDWR)
        for source, target in ((null, 0), (null, 1), (errors, 2)):
            os.dup2(source, target)
        # A program inherits what is ignored.
        for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        used, start = time.process_time(), time.monotonic()
        # The pipe holds it until the keeper reads, and ends with execve.
        os.write(writing, json.dumps([start, used, ""]).encode())
        os.execve(command[0], command, environment)
    except OSError as problem:
        # A second report would follow the first one: the exit status says it instead.
        if start:
            os.write(2, f"{command[0]}: {problem}\n".encode())
        else:
            os.write(writing, json.dumps([start, used, str(problem)]).encode())
    finally:
        os._exit(127)
