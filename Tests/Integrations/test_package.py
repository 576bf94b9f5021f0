"""The Debian package: installed, upgraded, removed and purged in a lab host, without Swift.

Made of AGENT (.build/debug/agent where nothing is said). One that wants Swift's libraries gets them as the lab gives them; a release
(`make test-package`) is looked at for running without any, and by lintian.
"""

import os
import shutil
import subprocess
import unittest

from lab import AGENT, BUILD, TOP, Lab, able

OLDER = "0.0.9"
STORE = "/var/lib/agent"
POLICY = "/etc/agent/policy.yaml"
UNITS = {"agent-recover.service": "enabled", "agent-apply.timer": "disabled", "agent-status.timer": "disabled"}


def is_static():
    return "/swift/" not in subprocess.run(["ldd", AGENT], capture_output=True, text=True, check=True).stdout


def build(version=None):
    """Makes the package; returns its path."""
    directory = BUILD / "packages"
    directory.mkdir(parents=True, exist_ok=True)
    environment = dict(os.environ, **({"VERSION": version} if version else {}))
    if not is_static() or version:
        environment["QUICK"] = "yes"
    done = subprocess.run(
        [TOP / "integrations/debian/build", AGENT, directory], env=environment, capture_output=True, text=True,
        check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stdout + done.stderr)
    return directory / done.stdout.strip().rpartition("/")[2]


@unittest.skipIf(able(), able())
class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.older, cls.newer = build(OLDER), build()
        cls.version = subprocess.run([AGENT, "--version"], capture_output=True, text=True, check=True).stdout.strip()

    def setUp(self):
        self.lab = Lab("p")
        self.addCleanup(self.lab.down)
        self.lab.up(with_agent=not is_static())
        self.lab.shell("rm -rf /usr/local/bin/agent /etc/agent-policies")
        for package in (self.older, self.newer):
            shutil.copy(package, self.lab.root / "root" / package.name)

    def dpkg(self, *arguments):
        return self.lab.run("/usr/bin/env", "DEBIAN_FRONTEND=noninteractive", "dpkg", *arguments)

    def install(self, package):
        status, output, errors = self.dpkg("-i", f"/root/{package.name}")
        self.assertEqual(status, 0, output + errors)

    def units(self):
        return {unit: self.lab.run("systemctl", "is-enabled", unit)[1].strip() for unit in UNITS}

    def digests(self):
        return self.lab.shell(f"find {STORE} -type f -exec sha256sum {{}} + | sort")

    def is_there(self, path):
        return self.lab.run("test", "-e", path)[0] == 0

    def close_a_relay(self, *options):
        self.lab("break", "mynetworks")
        status, output, errors = self.lab.run("agent", "apply", "--yes", *options)
        self.assertIn(status, (0, 5), output + errors)

    def test_it_is_installed_upgraded_removed_and_purged_and_backups_stay(self):
        self.install(self.older)
        self.assertEqual(self.lab.shell(f"stat -c '%U %G %a' {STORE}"), "root root 700\n")
        self.assertEqual(self.units(), UNITS)
        self.assertEqual(self.lab.shell("agent --version"), f"{self.version}\n")
        self.assertIn("RELAY OK", self.lab.shell("agent status"))
        self.assertIn(POLICY, self.lab.shell("agent plan"))

        self.close_a_relay()
        self.lab.shell(f"echo '# our own line' >>{POLICY}; systemctl enable --now --quiet agent-status.timer")
        kept = self.digests()
        self.install(self.newer)
        self.assertEqual(self.lab.shell("dpkg-query -W -f='${Version}' agent"), self.version)
        self.assertIn("# our own line", self.lab.shell(f"cat {POLICY}"))
        self.assertEqual(self.digests(), kept)
        self.assertEqual(self.units(), {**UNITS, "agent-status.timer": "enabled"})
        self.assertEqual(self.lab.shell("systemctl is-active agent-status.timer"), "active\n")
        self.assertEqual(self.lab.shell("systemctl is-failed agent-recover.service || true").strip() == "failed", False)

        status, output, errors = self.dpkg("--remove", "agent")
        self.assertEqual(status, 0, output + errors)
        self.assertFalse(self.is_there("/usr/bin/agent"))
        self.assertIn("# our own line", self.lab.shell(f"cat {POLICY}"))
        self.assertEqual(self.digests(), kept)
        self.assertEqual(self.lab.run("systemctl", "is-active", "agent-status.timer")[1], "inactive\n")

        self.install(self.newer)
        self.assertEqual(self.units(), {**UNITS, "agent-status.timer": "enabled"})
        self.assertEqual(
            self.lab.run("systemctl", "is-active", "agent-status.timer", "agent-apply.timer")[1], "active\ninactive\n")
        self.assertIn("confirmed", self.lab.shell("agent history"))

        status, output, errors = self.dpkg("--purge", "agent")
        self.assertEqual(status, 0, output + errors)
        self.assertIn(f"the backups in {STORE} are kept", output + errors)
        self.assertEqual(self.digests(), kept)
        self.assertFalse(self.is_there("/etc/agent"))
        left = self.lab.shell(
            "find / -xdev ( -path /proc -o -path /sys -o -path /root -o -path /var/lib/agent ) -prune -o "
            "( -name 'agent-*.service' -o -name 'agent-*.timer' -o -name 'agent.*' -o -path '*/bin/agent' ) -print"
            .replace("(", "\\(").replace(")", "\\)"))
        self.assertEqual(left, "")

    def test_purge_removes_the_backups_where_that_was_answered(self):
        self.install(self.newer)
        self.close_a_relay()
        self.lab.shell("echo 'agent agent/remove-backups boolean true' | debconf-set-selections")
        status, output, errors = self.dpkg("--purge", "agent")
        self.assertEqual(status, 0, output + errors)
        self.assertFalse(self.is_there(STORE))

    def test_it_is_not_removed_while_a_change_waits_to_be_confirmed(self):
        self.install(self.newer)
        self.close_a_relay("--confirm-timeout", "10m")
        status, output, errors = self.dpkg("--remove", "agent")
        self.assertNotEqual(status, 0)
        self.assertIn("a confirm window is open", output + errors)
        self.assertEqual(self.lab.run("agent", "confirm")[0], 0)
        status, output, errors = self.dpkg("--remove", "agent")
        self.assertEqual(status, 0, output + errors)

    def test_it_is_not_removed_while_a_change_is_interrupted(self):
        self.install(self.newer)
        self.lab("break", "mynetworks")
        self.lab.shell(
            "agent apply --yes >/dev/null 2>&1 & pid=$!\n"
            "until agent history --format json 2>/dev/null | grep -q '\"outcome\": null'; do kill -0 $pid; done\n"
            "kill -KILL $pid")
        status, output, errors = self.dpkg("--remove", "agent")
        self.assertNotEqual(status, 0)
        self.assertIn('a change was interrupted, or is under way: run "agent recover" first', output + errors)
        self.assertTrue(self.is_there("/usr/bin/agent"))
        self.assertIn(self.lab.run("agent", "recover")[0], (0, 5))
        status, output, errors = self.dpkg("--remove", "agent")
        self.assertEqual(status, 0, output + errors)

    def test_man_pages_and_completions_are_in_it_for_every_verb(self):
        listed = subprocess.run(["dpkg-deb", "-c", self.newer], capture_output=True, text=True, check=True).stdout
        verbs = subprocess.run([AGENT, "--help"], capture_output=True, text=True, check=True).stdout
        verbs = [line.split()[0] for line in verbs.partition("SUBCOMMANDS:\n")[2].splitlines() if line[:3].strip()[:1] or
                 line.startswith("  ") and line[2:3].strip()]
        self.assertIn("apply", verbs)
        for verb in verbs:
            if verb not in ("See", "help"):
                self.assertIn(f"./usr/share/man/man8/agent-{verb}.8.gz\n", listed)
        for path in ("bash-completion/completions/agent", "zsh/vendor-completions/_agent",
                     "fish/vendor_completions.d/agent.fish"):
            self.assertIn(f"./usr/share/{path}\n", listed)

    @unittest.skipUnless(is_static(), "this binary wants Swift's libraries: make test-package builds a release")
    def test_the_release_needs_no_swift_and_lintian_finds_nothing(self):
        self.assertEqual(self.lab.run("find", "/", "-xdev", "-name", "libswift*")[1], "")
        lintian = subprocess.run(["lintian", self.newer], capture_output=True, text=True, check=False)
        self.assertEqual((lintian.returncode, lintian.stdout), (0, ""))
