"""The Salt state, by a real `salt-call --local` on a lab host."""

import json
import shutil
import unittest

from lab import BUILD, TOP, Lab, able

STATE = TOP / "integrations/salt"
NAME = "close what relays for strangers"


@unittest.skipIf(able(), able())
class Salt(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = Lab("s")
        cls.addClassCleanup(cls.lab.down)
        cls.lab.up()
        # Salt is a Python program: the host's own Python runs it from the packages that were installed for it.
        packages = next((BUILD / "venv/lib").glob("python3*/site-packages"))
        shutil.copytree(packages, cls.lab.root / "opt/salt", symlinks=True)
        shutil.copytree(STATE, cls.lab.root / "srv/salt/agent")

    def setUp(self):
        self.lab.reset()
        self.lab.shell("ln -sf /usr/local/bin/agent /usr/bin/agent")

    def apply(self, *arguments, pillar=None):
        words = ["/usr/bin/env", "PYTHONPATH=/opt/salt", "python3", "-c",
                 "from salt.scripts import salt_call; salt_call()", "--local", "--out=json", "--retcode-passthrough",
                 "state.apply", "agent", *arguments]
        if pillar:
            words.append("pillar=" + json.dumps(pillar))
        status, output, errors = self.lab.run(*words)
        try:
            states = json.loads(output)["local"]
        except ValueError:
            self.fail(output + errors)
        return status, {state["__id__"]: state for state in states.values()}

    def test_test_run_run_says_would_changed_nothing(self):
        self.lab("break", "mynetworks")
        before = self.lab("state")
        status, states = self.apply("test=True")
        self.assertEqual((states[NAME]["result"], self.lab("state")), (None, before), states)
        # All that Salt says of a script that it would run.
        self.assertEqual(states[NAME]["changes"], {}, states)
        status, states = self.apply()
        self.assertEqual((status, states[NAME]["result"]), (0, True), states)
        self.assertTrue(states[NAME]["changes"])
        self.assertIn("strangers are refused", states[NAME]["comment"])
        status, states = self.apply()
        self.assertEqual((status, states[NAME]["result"], states[NAME]["changes"]), (0, True, {}), states)

    def test_an_open_window_is_let_be_where_the_host_complies_and_comes_first_where_it_does_not(self):
        self.lab("break", "mynetworks")
        self.assertEqual(self.lab.run("agent", "apply", "--yes", "--confirm-timeout", "10m")[0], 5)
        status, states = self.apply()
        self.assertEqual((status, states[NAME]["result"], states[NAME]["changes"]), (0, True, {}), states)
        self.lab("break", "relaying")
        status, states = self.apply()
        self.assertNotEqual(status, 0)
        self.assertEqual((states[NAME]["result"], states[NAME]["changes"].get("stdout")), (False, None), states)
        self.assertIn("the confirm window of change 1 is open", states[NAME]["comment"])

    def test_a_host_that_cannot_be_closed_fails_unchanged_with_what_the_agent_said(self):
        self.lab("break", "mynetworks")
        self.lab("switch", "busy", "on")
        status, states = self.apply()
        self.assertNotEqual(status, 0)
        self.assertEqual((states[NAME]["result"], states[NAME]["changes"]), (False, {}), states)
        self.assertIn("Plesk must not be changed at this moment", states[NAME]["comment"])

    def test_an_invalid_policy_is_not_laid_down(self):
        status, states = self.apply(pillar={"relay_agent": {"policy": "version: 7\n"}})
        self.assertNotEqual(status, 0)
        self.assertNotEqual(self.lab.run("test", "-e", "/etc/agent/policy.yaml")[0], 0, states)
        status, states = self.apply(pillar={"relay_agent": {"policy": "version: 1\n"}})
        self.assertEqual(status, 0, states)
