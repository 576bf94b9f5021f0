"""The Puppet class, by a real `puppet apply` on a lab host."""

import shutil
import unittest

from lab import TOP, Lab, able

CLASS = TOP / "integrations/puppet/init.pp"


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
        manifests = self.lab.root / "root/modules/relay_agent/manifests"
        manifests.mkdir(parents=True, exist_ok=True)
        shutil.copy(CLASS, manifests)

    def puppet(self, *arguments, declaration="include relay_agent"):
        status, output, errors = self.lab.run(
            "puppet", "apply", "--detailed-exitcodes", "--color=false", "--modulepath", "/root/modules", *arguments,
            "-e", declaration)
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
        declaration = "class { 'relay_agent': policy => \"version: 7\\n\" }"
        status, said = self.puppet(declaration=declaration)
        self.assertTrue(status & 4, said)
        self.assertIn("this program reads version 1", said)
        self.assertNotEqual(self.lab.run("test", "-e", "/etc/agent/policy.yaml")[0], 0)
        status, said = self.puppet(declaration=declaration.replace("version: 7", "version: 1"))
        self.assertEqual(status, 2, said)
        self.assertEqual(self.lab.shell("cat /etc/agent/policy.yaml"), "version: 1\n")
