"""The Puppet class, by a real `puppet apply` on a lab host."""

import shutil
import unittest

from lab import TOP, Lab, able

CLASS = TOP / "integrations/puppet/agent.pp"


@unittest.skipIf(able(), able())
class Puppet(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = Lab("u")
        cls.addClassCleanup(cls.lab.down)
        cls.lab.up()
        cls.lab("add", "puppet-agent")

    def setUp(self):
        self.lab.reset()
        self.lab.shell("ln -sf /usr/local/bin/agent /usr/bin/agent")
        shutil.copy(CLASS, self.lab.root / "root/agent.pp")

    def puppet(self, *arguments):
        status, output, errors = self.lab.run(
            "puppet", "apply", "--detailed-exitcodes", "--color=false", *arguments, "/root/agent.pp")
        return status, output + errors

    def test_noop_run_run_says_would_changed_nothing(self):
        self.lab("break", "mynetworks")
        before = self.lab("state")
        status, said = self.puppet("--noop")
        self.assertEqual((status, self.lab("state")), (0, before), said)
        self.assertRegex(said, r"should be .* \(noop\)")
        self.assertFalse(self.lab.run("test", "-e", "/var/lib/agent/agent.sqlite")[0] == 0)
        status, said = self.puppet()
        self.assertEqual(status, 2, said)
        self.assertNotIn("0.0.0.0/0", self.lab.shell("postconf -h mynetworks"))
        status, said = self.puppet()
        self.assertEqual(status, 0, said)
        self.assertEqual(self.lab.shell("agent history").count("apply"), 1)

    def test_a_host_that_cannot_be_closed_fails_with_what_the_agent_said(self):
        self.lab("break", "mynetworks")
        self.lab("switch", "busy", "on")
        status, said = self.puppet()
        self.assertEqual(status, 4, said)
        self.assertIn("Plesk must not be changed at this moment", said)

    def test_an_invalid_policy_is_not_laid_down(self):
        manifest = self.lab.root / "root/agent.pp"
        manifest.write_text(manifest.read_text().replace(
            "include relay_agent", "class { 'relay_agent': policy => \"version: 7\\n\" }"))
        status, said = self.puppet()
        self.assertTrue(status & 4, said)
        self.assertIn("this program reads version 1", said)
        self.assertNotEqual(self.lab.run("test", "-e", "/etc/agent/policy.yaml")[0], 0)
        manifest.write_text(manifest.read_text().replace("version: 7", "version: 1"))
        status, said = self.puppet()
        self.assertEqual(status, 2, said)
        self.assertEqual(self.lab.shell("cat /etc/agent/policy.yaml"), "version: 1\n")
