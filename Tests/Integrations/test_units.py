"""The units for systemd as their pages describe them. Their sandbox is held to its work by Tests/IntegrationTests/UnitTests.swift."""

import re
import shutil
import unittest

from lab import TOP, Lab, able

UNITS = TOP / "integrations/systemd"


@unittest.skipIf(able(), able())
class Units(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = Lab("u")
        cls.addClassCleanup(cls.lab.down)
        cls.lab.up()
        cls.system = cls.lab.root / "etc/systemd/system"

    def setUp(self):
        self.lab.reset()
        for unit in (*UNITS.glob("*.service"), *UNITS.glob("*.timer")):
            shutil.copy(unit, self.system)
        self.lab.shell("systemctl daemon-reload")

    def start(self, unit):
        status, output, errors = self.lab.run("systemctl", "start", unit)
        return status, output + errors + self.lab.run("journalctl", "-u", unit, "-o", "cat", "--no-pager")[1]

    def test_an_open_window_is_no_failure_of_the_timer(self):
        self.lab("break", "mynetworks")
        self.assertEqual(self.lab.run("agent", "apply", "--yes", "--confirm-timeout", "10m")[0], 5)
        status, said = self.start("agent-apply.service")
        self.assertIn("the confirm window of change 1 is open", said)
        self.assertEqual(status, 0, said)

    def test_metrics_are_published_by_the_drop_in_that_the_manual_has(self):
        manual = (TOP / "docs/monitoring.md").read_text()
        lines = re.search(r"\n((?:    \[Service\]\n)(?:    .*\n)+)", manual).group(1)
        drop_in = self.system / "agent-status.service.d/override.conf"
        drop_in.parent.mkdir()
        drop_in.write_text(re.sub("(?m)^    ", "", lines).replace("/usr/bin/agent", "/usr/local/bin/agent"))
        self.lab.shell("install -d /var/lib/prometheus/node-exporter; systemctl daemon-reload")
        status, said = self.start("agent-status.service")
        self.assertEqual(status, 0, said)
        self.assertNotIn("thread priority", said)
        self.assertIn("\nrelay_agent_level 0\n", self.lab.shell("cat /var/lib/prometheus/node-exporter/agent.prom"))

    def test_each_unit_is_as_closed_as_the_page_says(self):
        page = (UNITS / "README.md").read_text()
        for unit in UNITS.glob("*.service"):
            with self.subTest(unit=unit.name):
                said = self.lab.shell(f"systemd-analyze security --no-pager {unit.name}")
                figure = re.search(r"Overall exposure level for \S+: (\S+)", said).group(1)
                self.assertRegex(page, rf"\| `{re.escape(unit.name)}`.*\| {re.escape(figure)} \|")
