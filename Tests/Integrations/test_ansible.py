"""The Ansible collection, by real ansible-core, against five hosts at once."""

import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from lab import AGENT, BUILD, LAB, TOP, Lab, able
from test_package import build as build_package

HERE = pathlib.Path(__file__).resolve().parent
COLLECTION = TOP / "integrations/ansible"
VENV = BUILD / "venv/bin"
ANSIBLES = {"Debian's": pathlib.Path("/usr/bin"), "PyPI's": VENV}
BROKEN = {"a": "mynetworks", "b": "relaying", "c": "submission", "d": "all"}
COMPLIANT = "e"


class Results(list):
    """What a run recorded, and how it ended."""

    def __init__(self, rows, status, output):
        super().__init__(rows)
        self.status = status
        self.output = output

    def of(self, task):
        """Each host's result of a task: (status, result)."""
        return {row["host"]: (row["status"], row["result"]) for row in self if row["task"].endswith(task)}

    def statuses(self, task):
        return {host: status for host, (status, _) in self.of(task).items()}


class AnsibleCase(unittest.TestCase):
    maxDiff = None
    # The hosts that the tests of the class need.
    letters = "abcde"

    @classmethod
    def setUpClass(cls):
        cls.scratch = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.scratch)
        collections = cls.scratch / "ansible_collections/relay_agent"
        collections.mkdir(parents=True)
        collections.joinpath("mail").symlink_to(COLLECTION)
        cls.labs, hosts = {}, {}
        for letter in cls.letters:
            lab = Lab(letter)
            cls.addClassCleanup(lab.down)
            lab.up()
            cls.labs[letter] = lab
            hosts[letter] = {"lab_name": lab.name, "ansible_host": "2001:db8:113::10"}
        cls.inventory = cls.scratch / "inventory.yml"
        outside = {f"outside-{name}": {"lab_side": "outside", **each} for name, each in hosts.items()}
        gone = {"gone": {"lab_name": "not-up"}}
        cls.inventory.write_text(json.dumps({
            "all": {
                "vars": {
                    "ansible_connection": "lab", "ansible_python_interpreter": "/usr/bin/python3",
                    "ansible_remote_tmp": "/tmp/.ansible", "ansible_become": False,
                },
                "children": {
                    "fleet": {"hosts": hosts}, "vantages": {"hosts": outside}, "beyond": {"hosts": gone},
                },
            }}))

    def play(self, ansible, playbook, *arguments):
        """Runs a playbook, or tasks on hosts (a pair)."""
        if isinstance(playbook, tuple):
            hosts, tasks = playbook
            path = self.scratch / "playbook.yml"
            path.write_text(json.dumps([{"hosts": hosts, "gather_facts": False, "tasks": tasks}]))
            playbook = str(path)
        record = self.scratch / "record.jsonl"
        record.unlink(missing_ok=True)
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(self.scratch), "LANG": "C.UTF-8", "LAB": str(LAB),
            "RECORD": str(record), "ANSIBLE_COLLECTIONS_PATH": str(self.scratch),
            "ANSIBLE_CONNECTION_PLUGINS": str(HERE / "ansible/connection_plugins"),
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "ansible/callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "record", "ANSIBLE_PIPELINING": "1", "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_DEPRECATION_WARNINGS": "0", "PYTHONDONTWRITEBYTECODE": "1", "ANSIBLE_RETRY_FILES_ENABLED": "0",
        }
        done = subprocess.run(
            [ANSIBLES[ansible] / "ansible-playbook", "-i", self.inventory, playbook, *arguments],
            env=environment, cwd=self.scratch, capture_output=True, text=True, check=False)
        rows = [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []
        return Results(rows, done.returncode, done.stdout + done.stderr)


def by(*names):
    """Runs a test by each of the installations named, from healthy hosts on."""
    def decorate(test):
        @functools.wraps(test)
        def run(self):
            for name in names:
                with self.subTest(ansible=name):
                    for lab in self.labs.values():
                        lab.reset()
                    test(self, name)
        return run
    return decorate


NEWEST, OLDEST = "PyPI's", "Debian's"
APPLY = ("fleet", [{"name": "apply", "relay_agent.mail.apply": {}}])


class Apply(AnsibleCase):
    @by(OLDEST, NEWEST)
    def test_check_then_run_then_run_says_changed_changed_ok(self, ansible):
        for letter, defect in BROKEN.items():
            self.labs[letter]("break", defect)
        # A password beside what is edited.
        self.labs["a"].shell(
            "sed -i 's,^mailbox_size_limit.*,smtp_sasl_password_maps = static:relay:hunter2,' /etc/postfix/main.cf")
        before = {letter: lab("state") for letter, lab in self.labs.items()}
        changed = {**dict.fromkeys(BROKEN, "changed"), COMPLIANT: "ok"}

        checked = self.play(ansible, APPLY, "--check", "--diff")
        self.assertEqual(checked.statuses("apply"), changed, checked.output)
        self.assertEqual({letter: lab("state") for letter, lab in self.labs.items()}, before)
        self.assertIn("-    0.0.0.0/0\n", checked.output)
        self.assertIn("smtp_sasl_password_maps = static:***", checked.output)
        self.assertIn("--set-relay auth", checked.output)
        self.assertEqual(checked.of("apply")["d"][1]["relay"], {"before": "open", "after": "closed"})

        ran = self.play(ansible, APPLY, "--diff", "-vvv")
        self.assertEqual(ran.statuses("apply"), changed, ran.output)
        for letter in BROKEN:
            result = ran.of("apply")[letter][1]
            self.assertEqual((result["outcome"], result["probe"]["verdict"]), ("confirmed", "closed"))
            self.assertEqual(
                [each["diff"] for each in result["changes"]],
                [each["diff"] for each in checked.of("apply")[letter][1]["changes"]])
        self.assertNotIn("hunter2", checked.output + ran.output)

        again = self.play(ansible, APPLY)
        self.assertEqual(again.statuses("apply"), dict.fromkeys(self.labs, "ok"), again.output)
        self.assertEqual(again.of("apply")["a"][1]["outcome"], "no-change")

    @by(OLDEST, NEWEST)
    def test_a_host_that_fails_and_one_that_is_unreachable_leave_the_others_alone(self, ansible):
        for letter in ("a", "b", "c"):
            self.labs[letter]("break", "mynetworks")
        self.labs["a"]("switch", "busy", "on")
        self.labs["b"].shell("install -d /etc/agent; echo 'version: 7' >/etc/agent/policy.yaml")
        run = self.play(ansible, ("a:b:c:gone", APPLY[1]))
        self.assertEqual(
            run.statuses("apply"), {"a": "failed", "b": "failed", "c": "changed", "gone": "unreachable"},
            run.output)
        busy, invalid = (run.of("apply")[letter][1] for letter in "ab")
        self.assertEqual(busy["exit_status"], 11)
        self.assertIn("Plesk must not be changed at this moment", busy["msg"])
        self.assertEqual(invalid["exit_status"], 10)
        self.assertIn("/etc/agent/policy.yaml:1", invalid["msg"])
        self.assertEqual((busy.get("changed"), invalid.get("changed")), (False, False))
        self.assertIn("0.0.0.0/0", self.labs["a"].shell("postconf -h mynetworks"))

    @by(NEWEST)
    def test_what_only_a_person_can_mend_fails_in_check_mode_as_in_a_run(self, ansible):
        self.labs["a"]("foreign", "hand")
        for arguments in (["--check"], []):
            run = self.play(ansible, ("a", APPLY[1]), *arguments)
            status, result = run.of("apply")["a"]
            self.assertEqual((status, result["exit_status"]), ("failed", 4), run.output)
            self.assertIn("port-25", result["msg"])

    @by(NEWEST)
    def test_what_a_run_would_refuse_fails_in_check_mode_as_well(self, ansible):
        lab = self.labs["a"]
        lab("break", "mynetworks")
        lab.shell("ln /etc/postfix/main.cf /etc/postfix/snapshot.cf")
        self.addCleanup(lab.shell, "rm -f /etc/postfix/snapshot.cf")
        for arguments in (["--check"], []):
            run = self.play(ansible, ("a", APPLY[1]), *arguments)
            status, result = run.of("apply")["a"]
            self.assertEqual((status, result["exit_status"], result["changed"]), ("failed", 1, False), run.output)
            self.assertIn("it has 2 names (hard links)", result["msg"])

    @by(NEWEST)
    def test_a_host_without_the_agent_is_skipped_in_check_mode_and_fails_in_a_run(self, ansible):
        task = {"name": "apply", "relay_agent.mail.apply": {}, "environment": {"PATH": "/usr/sbin:/usr/bin"}}
        binary = self.labs["a"].root / "usr/local/bin/agent"
        aside = binary.with_name("agent.aside")
        binary.rename(aside)
        try:
            self.assertEqual(self.play(ansible, ("a", [task]), "--check").statuses("apply"), {"a": "skipped"})
            run = self.play(ansible, ("a", [task]))
        finally:
            aside.rename(binary)
        self.assertIn("agent is not installed on this host", run.of("apply")["a"][1]["msg"], run.output)
        task["relay_agent.mail.apply"] = {"binary": "/nope"}
        for arguments, status in (["--check"], "skipped"), ([], "failed"):
            run = self.play(ansible, ("a", [task]), *arguments)
            self.assertEqual(run.statuses("apply"), {"a": status}, run.output)
            self.assertIn("there is no program /nope on this host", run.of("apply")["a"][1]["msg"])
        task["relay_agent.mail.apply"] = {"binary": "/bin/false"}
        for arguments in (["--check"], []):
            run = self.play(ansible, ("a", [task]), *arguments)
            self.assertEqual(run.statuses("apply"), {"a": "failed"}, run.output)
            self.assertEqual(run.of("apply")["a"][1]["msg"], "/bin/false printed nothing: is it the agent?")

    @by(NEWEST)
    def test_a_wrong_option_fails_in_check_mode_as_in_a_run(self, ansible):
        tasks = [
            {"name": f"{option} {value}", "relay_agent.mail.apply": {option: value}, "ignore_errors": True}
            for option, value in (
                ("confirm_timeout", "banana"), ("confirm_timeout", "0s"), ("confirm_timeout", "169h"), ("from", "banana"),
                ("from", "ssh://-oProxyCommand=x"), ("confirm_timeout", "168h"), ("from", "ssh://probe@192.0.2.1"),
                ("from", "https://[2001:db8::1]:8443/ask"))
        ]
        checked = self.play(ansible, ("a", tasks), "--check")
        # A run wants the https:// vantage's token as well.
        ran = self.play(ansible, ("a", tasks[:-1]))
        for run, right in ((checked, 3), (ran, 2)):
            self.assertEqual([row["status"] for row in run], ["failed"] * 5 + ["ok"] * right, run.output)
            self.assertEqual([row["result"]["exit_status"] for row in run][:5], [64] * 5, run.output)


class TakeBack(AnsibleCase):
    letters = "ab"

    @by(NEWEST)
    def test_a_change_is_taken_back_once_and_to_an_open_state_only_where_that_is_asked_for(self, ansible):
        lab = self.labs["a"]
        lab("break", "mynetworks")
        before = lab("state")
        change = self.play(ansible, ("a", APPLY[1])).of("apply")["a"][1]["change"]
        rollback = {"change": change}
        for arguments in (["--check"], []):
            run = self.play(ansible, ("a", [{"name": "back", "relay_agent.mail.rollback": rollback}]), *arguments)
            self.assertEqual(run.statuses("back"), {"a": "failed"})
            self.assertIn(f"the state before change {change} relays for strangers", run.of("back")["a"][1]["msg"])
        tasks = [{"name": "back", "relay_agent.mail.rollback": {**rollback, "allow_insecure": True}}]
        checked = self.play(ansible, ("a", tasks), "--check", "--diff")
        self.assertEqual(checked.statuses("back"), {"a": "changed"}, checked.output)
        self.assertIn("+    0.0.0.0/0\n", checked.output)
        self.assertNotEqual(lab("state"), before)
        run = self.play(ansible, ("a", tasks))
        self.assertEqual(run.statuses("back"), {"a": "changed"}, run.output)
        self.assertEqual(lab("state"), before)
        self.assertEqual(self.play(ansible, ("a", tasks)).statuses("back"), {"a": "ok"})
        none = self.play(ansible, ("a", [{"name": "back", "relay_agent.mail.rollback": {"change": 99}}]))
        self.assertIn("there is no change 99", none.of("back")["a"][1]["msg"])

    @by(NEWEST)
    def test_a_rollback_that_others_have_the_ports_after_fails_again(self, ansible):
        history = {"format": "agent.history/1", "changes": [
            {"change": "8", "outcome": "incomplete", "reverts": "7", "relay-before": None, "message": "exim4 has port 25"},
            {"change": "7", "outcome": "confirmed", "reverts": None, "relay-before": "closed", "message": ""}]}
        stub = "/root/agent-stub"
        path = self.labs["a"].root / stub[1:]
        path.write_text(f"#!/bin/sh\necho '{json.dumps(history)}'\n")
        path.chmod(0o755)
        self.addCleanup(path.unlink)
        rollback = {"name": "back", "relay_agent.mail.rollback": {"change": 7, "binary": stub}}
        for arguments in (["--check"], []):
            status, result = self.play(ansible, ("a", [rollback]), *arguments).of("back")["a"]
            self.assertEqual((status, result["exit_status"], result["outcome"]), ("failed", 4, "incomplete"))
            self.assertIn("exim4 has port 25", result["msg"])

    @by(NEWEST)
    def test_a_window_is_kept_or_undone_once(self, ansible):
        apply = {"name": "apply", "relay_agent.mail.apply": {"confirm_timeout": "10m"}}
        keep = {"name": "keep", "relay_agent.mail.confirm": {}}
        undo = {"name": "undo", "relay_agent.mail.confirm": {"state": "cancelled", "allow_insecure": True}}
        for letter in "ab":
            self.labs[letter]("break", "mynetworks")
        opened = self.play(ansible, ("a:b", [apply]))
        self.assertEqual(opened.statuses("apply"), {"a": "changed", "b": "changed"}, opened.output)
        self.assertTrue(opened.of("apply")["a"][1]["confirm_until"])
        self.assertEqual(self.play(ansible, ("a", [keep]), "--check").statuses("keep"), {"a": "changed"})
        for expected in ("changed", "ok"):
            self.assertEqual(self.play(ansible, ("a", [keep])).statuses("keep"), {"a": expected})
            self.assertEqual(self.play(ansible, ("b", [undo])).statuses("undo"), {"b": expected})
        self.assertNotIn("0.0.0.0/0", self.labs["a"].shell("postconf -h mynetworks"))
        self.assertIn("0.0.0.0/0", self.labs["b"].shell("postconf -h mynetworks"))
        late = self.play(ansible, ("b", [keep]))
        self.assertEqual(late.statuses("keep"), {"b": "failed"})
        self.assertIn("no confirm window is open", late.of("keep")["b"][1]["msg"])


class Look(AnsibleCase):
    letters = "ab"

    @by(NEWEST)
    def test_probe_and_status_change_nothing_and_say_what_they_saw(self, ansible):
        self.labs["a"]("break", "mynetworks")
        states = {letter: self.labs[letter]("state") for letter in "ab"}
        run = self.play(ansible, ("a:b", [
            {"name": "status", "relay_agent.mail.status_info": {}},
            {"name": "probe", "relay_agent.mail.probe": {}},
        ]))
        self.assertEqual(run.statuses("status"), {"a": "ok", "b": "ok"}, run.output)
        levels = {host: result["level"] for host, (_, result) in run.of("status").items()}
        self.assertEqual(levels, {"a": "critical", "b": "ok"})
        self.assertEqual(run.statuses("probe"), {"a": "failed", "b": "ok"}, run.output)
        self.assertIn("mail.hosted.example is open", run.of("probe")["a"][1]["msg"])
        option = self.play(ansible, ("b", [{"name": "probe", "relay_agent.mail.probe": {"targets": ["--help"]}}]))
        self.assertIn("no host name", option.of("probe")["b"][1]["msg"], option.output)
        self.assertNotIn("tests", run.of("probe")["b"][1]["reports"][0]["endpoints"][0])
        self.assertEqual({letter: self.labs[letter]("state") for letter in "ab"}, states)


class Fleet(AnsibleCase):
    PLAYBOOK = "relay_agent.mail.close"

    @by(NEWEST)
    def test_a_host_that_cannot_be_closed_stops_the_rest(self, ansible):
        for lab in self.labs.values():
            lab("break", "mynetworks")
        self.labs["a"]("switch", "busy", "on")
        run = self.play(ansible, self.PLAYBOOK, "-e", "relay_agent_hosts=fleet")
        self.assertEqual(run.statuses("vantage of its own"), {"a": "failed"}, run.output)
        self.assertNotEqual(run.status, 0)
        self.labs["a"]("switch", "busy", "off")
        run = self.play(ansible, self.PLAYBOOK, "-e", json.dumps({"relay_agent_hosts": "fleet", "relay_agent_serial": [1, 4]}))
        self.assertEqual(run.statuses("vantage of its own"), dict.fromkeys(self.labs, "changed"), run.output)
        self.assertEqual(run.status, 0)
        # Nothing failed that a rescue could have hidden.
        self.assertEqual([row for row in run if row["status"] in ("failed", "unreachable")], [], run.output)
        self.assertNotRegex(run.output, "(failed|rescued)=[1-9]")

    @by(NEWEST)
    def test_a_check_of_the_whole_fleet_goes_on_past_hosts_that_fail_as_the_page_has_it(self, ansible):
        options = re.search(r"`-e '(\{.*\})'`", (TOP / "integrations/ansible/README.md").read_text()).group(1)
        for lab in self.labs.values():
            lab("break", "mynetworks")
        self.labs["a"].shell("ln /etc/postfix/main.cf /etc/postfix/snapshot.cf")
        self.addCleanup(self.labs["a"].shell, "rm -f /etc/postfix/snapshot.cf")
        run = self.play(ansible, self.PLAYBOOK, "--check", "-e", "relay_agent_hosts=fleet", "-e", options)
        others = dict.fromkeys(set(self.labs) - {"a"}, "changed")
        self.assertEqual(run.statuses("vantage of its own"), {"a": "failed", **others}, run.output)

    @by(NEWEST)
    def test_another_machine_decides_whether_a_change_stays(self, ansible):
        vantage = {
            "relay_agent_vantage": "outside-{{ inventory_hostname }}", "relay_agent_vantage_binary": str(AGENT),
            "relay_agent_serial": [2],
        }
        for letter in "ab":
            self.labs[letter]("break", "mynetworks")
        kept = self.play(ansible, self.PLAYBOOK, "-e", json.dumps({**vantage, "relay_agent_hosts": "a"}))
        self.assertEqual(kept.status, 0, kept.output)
        self.assertEqual(kept.statuses("Ask from the vantage"), {"a": "ok"}, kept.output)
        self.assertEqual(kept.of("Keep the change")["a"][1]["outcome"], "confirmed")
        # A vantage that accepts nothing that it could see.
        undone = self.play(
            ansible, self.PLAYBOOK, "-e",
            json.dumps({
                **vantage, "relay_agent_hosts": "b", "relay_agent_accept": ["open"],
                "relay_agent_targets": ["203.0.113.10:25", "203.0.113.10:587"]}))
        self.assertNotEqual(undone.status, 0)
        self.assertEqual(undone.of("Undo the change")["b"][1]["outcome"], "harboured", undone.output)
        self.assertIn("is closed: the host is in the safe harbour", undone.of("Stop here")["b"][1]["msg"])
        for arguments in (["--check"], []):
            again = self.play(ansible, ("b", APPLY[1]), *arguments)
            self.assertEqual(again.statuses("apply"), {"b": "failed"}, again.output)
            self.assertIn("agent apply --leave-harbour", again.of("apply")["b"][1]["msg"])
        leave = ("b", [{"name": "leave", "relay_agent.mail.apply": {"leave_harbour": True}}])
        for arguments in (["--check"], []):
            self.assertEqual(self.play(ansible, leave, *arguments).statuses("leave"), {"b": "changed"})
        self.assertEqual(self.play(ansible, ("b", APPLY[1])).statuses("apply"), {"b": "ok"})


DROP_IN = """version: 1
white-list:
  vouched:
    - network: 203.0.113.0/28
      reason: the office's scanner
"""


class Role(AnsibleCase):
    letters = COMPLIANT

    @by(NEWEST)
    def test_it_installs_the_package_the_policy_and_the_timers_once(self, ansible):
        lab = self.labs[COMPLIANT]
        # Swift's libraries stay, where this binary wants them.
        lab.shell("rm /usr/local/bin/agent")
        self.addCleanup(lab, "install", str(AGENT))
        variables = {
            "relay_agent_package": str(build_package()), "relay_agent_apply_timer": False,
            "relay_agent_drop_ins": {"10-office.yaml": DROP_IN},
        }
        role = (COMPLIANT, [{
            "name": "role", "ansible.builtin.include_role": {"name": "relay_agent.mail.relay_agent"}, "vars": variables}])
        bare = self.play(ansible, (COMPLIANT, [{**role[1][0], "vars": {**variables, "relay_agent_package": ""}}]), "--check")
        self.assertEqual((bare.status, bare.statuses("Enable the timers")), (0, {COMPLIANT: "skipped"}), bare.output)
        checked = self.play(ansible, role, "--check")
        self.assertEqual(checked.status, 0, checked.output)
        self.assertEqual(checked.statuses("Copy the package"), {COMPLIANT: "changed"})
        self.assertNotEqual(lab.run("test", "-e", "/usr/bin/agent")[0], 0)
        ran = self.play(ansible, role)
        self.assertEqual(ran.status, 0, ran.output)
        self.assertIn("203.0.113.0/28", lab.shell("agent policy show"))
        self.assertEqual(lab.shell("systemctl is-active agent-status.timer"), "active\n")
        self.assertEqual(lab.run("systemctl", "is-enabled", "agent-apply.timer")[1], "disabled\n")
        again = self.play(ansible, role)
        self.assertEqual({row["status"] for row in again} - {"skipped"}, {"ok"}, again.output)
        variables["relay_agent_drop_ins"] = {"10-office.yaml": DROP_IN.replace("/28", "/82")}
        refused = self.play(ansible, role)
        self.assertEqual(refused.statuses("Check them with the policy"), {COMPLIANT: "failed"}, refused.output)
        self.assertIn("10-office.yaml:4", refused.of("Check them with the policy")[COMPLIANT][1]["stderr"])
        self.assertEqual(lab.run("agent", "apply", "--yes")[0], 10)
        variables["relay_agent_drop_ins"] = {"10-office.yaml": ""}
        for expected in ("changed", "ok"):
            removed = self.play(ansible, role)
            self.assertEqual(removed.statuses("Remove those that are empty"), {COMPLIANT: expected}, removed.output)
        self.assertNotIn("203.0.113.0", lab.shell("agent policy show"))
        lab.shell("DEBIAN_FRONTEND=noninteractive dpkg --purge agent >/dev/null 2>&1")


class Checkers(unittest.TestCase):
    """What Ansible itself offers to check a collection with. Some of it only works in a tree of this shape."""

    @classmethod
    def setUpClass(cls):
        # Outside of any git tree: ansible-test tests nothing that git ignores, and says so in a warning alone.
        cls.home = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.home, ignore_errors=True)
        cls.collection = cls.home / "ansible_collections/relay_agent/mail"
        shutil.copytree(COLLECTION, cls.collection)
        cls.environment = {
            "PATH": f"{VENV}:/usr/bin:/bin", "HOME": str(cls.home), "LANG": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": str(cls.home), "PYTHONDONTWRITEBYTECODE": "1",
            **{name: os.environ[name] for name in os.environ if name.startswith("PIP_")},
        }

    def check(self, *command):
        done = subprocess.run(
            command, cwd=self.collection, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_ansible_lint_finds_nothing(self):
        self.check(VENV / "ansible-lint")

    def test_ansible_test_sanity_finds_nothing(self):
        # It makes environments of its own with a script that it would download; this one uses pip's own package.
        cache = self.home / ".ansible/test/cache"
        cache.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [VENV / "pip", "-q", "download", "--disable-pip-version-check", "--no-deps", "-d", cache, "pip==24.2"],
            check=True)
        cache.joinpath("get_pip_24_2.py").write_text(
            "import runpy, sys\n"
            f"sys.path.insert(0, {str(cache / 'pip-24.2-py3-none-any.whl')!r})\n"
            "sys.argv = ['pip', 'install'] + [word for word in sys.argv[1:] if not word.startswith('--no-')]\n"
            "runpy.run_module('pip', run_name='__main__')\n")
        said = self.check(VENV / "ansible-test", "sanity", "--python", "{0}.{1}".format(*sys.version_info))
        self.assertNotIn("All targets skipped", said)
        self.assertIn("Running sanity test \"validate-modules\"", said)

    def test_it_is_built_as_galaxy_wants_it(self):
        self.check(VENV / "ansible-galaxy", "collection", "build", "--force", "--output-path", self.home)


class Documentation(AnsibleCase):
    letters = ""

    def test_ansible_doc_shows_every_module_and_the_role(self):
        for name, directory in ANSIBLES.items():
            with self.subTest(ansible=name):
                environment = {"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(self.scratch), "LANG": "C.UTF-8",
                               "ANSIBLE_COLLECTIONS_PATH": str(self.scratch)}
                modules = sorted(path.stem for path in COLLECTION.glob("plugins/modules/*.py"))
                names = [f"relay_agent.mail.{module}" for module in modules]
                done = subprocess.run(
                    [directory / "ansible-doc", "--json", *names], env=environment, capture_output=True, text=True,
                    check=True)
                shown = json.loads(done.stdout)
                self.assertEqual(sorted(shown), names)
                for each in shown.values():
                    self.assertIn("binary", each["doc"]["options"])
                    self.assertTrue(each["examples"] and each["return"])
                role = subprocess.run(
                    [directory / "ansible-doc", "-t", "role", "relay_agent.mail.relay_agent"], env=environment,
                    capture_output=True, text=True, check=True)
                self.assertIn("relay_agent_drop_ins", role.stdout)


if REASON := able():
    for case in (Apply, TakeBack, Look, Fleet, Role):
        unittest.skip(REASON)(case)
