"""The Debian package: how much it is to download and on disk, and how long the program takes to start."""

import os
import pathlib
import subprocess

from harness import Memory, Row, Time, Unmeasured
from harness.bench import median

DOWNLOAD = Memory(40 << 20)
INSTALLED = Memory(120 << 20)
START = Time(0.050)


def measure(bench):
    start, floor = bench.interleaved(
        lambda: bench.check([bench.agent, "--version"]), lambda: bench.check(["/bin/true"]))
    yield Row("start: wall", Time(median(start, "wall")), "/bin/true", Time(median(floor, "wall")), limit=START)
    linked = subprocess.run(["ldd", bench.agent], capture_output=True, text=True, check=False).stdout
    if "/swift/" in linked:
        raise Unmeasured("this binary wants Swift's libraries: make release builds one that does not")
    bench.say("making the package")
    done = subprocess.run(
        ["integrations/debian/build", bench.agent, str(bench.scratch)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unmeasured(f"the package could not be made: {done.stderr.strip()}")
    package = pathlib.Path(done.stdout.strip())
    fields = subprocess.run(
        ["dpkg-deb", "--field", str(package), "Installed-Size"], capture_output=True, text=True, check=True)
    binary = Memory(os.path.getsize(bench.agent))
    yield Row("package: to download", Memory(package.stat().st_size), "the binary", binary, limit=DOWNLOAD)
    yield Row("package: on disk", Memory(int(fields.stdout) << 10), "the binary", binary, limit=INSTALLED)
