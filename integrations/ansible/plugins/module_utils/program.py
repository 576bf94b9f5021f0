# How the modules run the agent that is on the host, and what its exit statuses mean (docs/command-line.md).

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os

PROGRAM_ARGUMENTS = {
    "binary": {"type": "path"},
    "policy": {"type": "path"},
    "store": {"type": "path"},
}

MEANINGS = {
    1: "failed; the host is as it was before",
    2: "it relays for strangers",
    3: "seen to be bad from outside: rolled back, or in the safe harbour",
    4: "a person must act",
    5: "the outcome cannot be told",
    6: "the plan is stale; nothing was touched",
    10: "the policy or the plan is invalid",
    11: "another run holds the lock, or Plesk is being upgraded",
    12: "the store is damaged or of a newer version",
    64: "the command line is wrong",
    77: "root is needed",
    130: "interrupted, and taken back",
}

# Outcomes after which the host is not as it was before.
CHANGING_OUTCOMES = ("confirmed", "unconfirmed", "incomplete", "still-open", "harboured")


class Answer(object):
    """What a run of the agent said: its exit status, its JSON document, and its lines on stderr."""

    def __init__(self, status, document, messages):
        self.status = status
        self.document = document
        self.messages = messages

    @property
    def outcome(self):
        return self.document.get("outcome")

    @property
    def has_changed(self):
        return self.outcome in CHANGING_OUTCOMES

    @property
    def sentence(self):
        """Why the run did not succeed, in the agent's own words as far as it had any."""
        document = self.document
        if document.get("format") == "agent.error/1":
            return _failure(document)
        meaning = MEANINGS.get(self.status, "exit status {0}".format(self.status))
        reasons = list(document.get("reasons") or [])
        if not reasons and self.status == 4 and self.outcome == "no-change":
            reasons = _left_over(document)
        # What an apply leaves for a person, and the usage of a wrong command line, are on stderr.
        if not reasons and self.messages:
            said = [line for line in self.messages if not line.startswith(("Usage:", "See ", "Help:"))]
            reasons = said[-1:] if document else said
        return ": ".join([meaning] + (["; ".join(reasons)] if reasons else []))


def _failure(document):
    sentences = [document["summary"]]
    for diagnostic in document.get("diagnostics") or []:
        place = [str(diagnostic[key]) for key in ("file", "line", "column") if diagnostic.get(key) is not None]
        sentences.append(": ".join([":".join(place)] * bool(place) + [diagnostic["summary"]]))
        sentences.append(diagnostic.get("remedy"))
    sentences += [document.get("detail"), document.get("remedy")]
    return " ".join(text if text[-1] in ".!?:" else text + "." for text in sentences if text)


def _left_over(document):
    left = [finding for finding in document.get("findings") or [] if finding["status"] != "ok" and finding["id"] != "queue"]
    return [": ".join([finding["id"]] + (finding["notes"] or [finding["actual"]])) for finding in left]


class Program(object):
    """The agent on the host."""

    def __init__(self, module):
        self._module = module
        self._binary = module.params["binary"] or module.get_bin_path(
            "agent", opt_dirs=["/usr/bin", "/usr/local/bin"])

    @property
    def is_there(self):
        return self._binary is not None and os.access(self._binary, os.X_OK) and not os.path.isdir(self._binary)

    @property
    def absence(self):
        named = self._module.params["binary"]
        return "there is no program {0} on this host".format(named) if named else "agent is not installed on this host"

    def run(self, verb, *arguments):
        """Runs a verb, and reads its document. A program that is not there ends the module."""
        module = self._module
        if not self.is_there:
            module.fail_json(msg=self.absence + ": install its package, or name it with binary")
        command = [self._binary, verb, "--format", "json"]
        for option in ("policy", "store"):
            if module.params[option]:
                command += ["--" + option, module.params[option]]
        status, output, errors = module.run_command(
            command + [str(argument) for argument in arguments],
            environ_update={"LC_ALL": "C", "LANG": "C", "NO_COLOR": "1"})
        messages = [line.strip() for line in errors.splitlines() if line.strip()]
        # Of a command line that it does not take, and of one without root, it says so on stderr alone.
        if not output.strip() and not messages:
            module.fail_json(
                msg="{0} printed nothing: is it the agent?".format(self._binary), exit_status=status)
        try:
            document = json.loads(output) if output.strip() else {}
        except ValueError:
            module.fail_json(msg="agent printed no JSON document", exit_status=status, stdout=output[:2000], stderr=errors[:2000])
        return Answer(status, document, messages)

    def require(self, verb, *arguments):
        """Runs a verb that must succeed for the module to go on; returns its document."""
        answer = self.run(verb, *arguments)
        if answer.status != 0:
            self.fail(answer)
        return answer.document

    def change(self, verb, *arguments):
        """Runs a verb that changes the host; returns the answer, and what every module returns of such a run."""
        answer = self.run(verb, *arguments)
        document = answer.document
        if document.get("format") != "agent.{0}/1".format(verb):
            self.fail(answer)
        result = {
            "changed": answer.has_changed,
            "outcome": answer.outcome,
            "reasons": document["reasons"],
            "change": int(document["change"]) if document["change"] else None,
        }
        if "probe" in document:
            result["probe"] = brief_probe(document["probe"])
        return answer, result

    def end(self, answer, succeeds, **result):
        """Ends the module."""
        if succeeds:
            self._module.exit_json(exit_status=answer.status, **result)
        self.fail(answer, **result)

    def fail(self, answer, **result):
        self._module.fail_json(msg=answer.sentence, exit_status=answer.status, **result)


def flags(module, *names):
    """The command line's spelling of parameters that are set: C(stop_unmanaged) is C(--stop-unmanaged)."""
    arguments = []
    for name in names:
        value = module.params[name]
        spelled = "--" + name.replace("_", "-")
        if value is True:
            arguments.append(spelled)
        elif value is not None and value is not False:
            arguments += [spelled, value]
    return arguments


def shown_changes(changes):
    """What Ansible shows under --diff: each change of a plan, in its order. Passwords are masked by the agent."""
    shown = []
    for change in changes:
        text = change.get("diff")
        if not text:
            command = " ".join(change.get("command") or [])
            text = "# {0}\n".format(change["summary"]) + ("$ {0}\n".format(command) if command else "")
        shown.append({"prepared": text})
    return shown


def brief_probe(report):
    """A report of a probe without its dialogues, which fill hundreds of kilobytes."""
    if not report:
        return None
    brief = dict((key, report.get(key)) for key in ("target", "from", "verdict", "hosted"))
    brief["endpoints"] = [
        dict((key, endpoint.get(key)) for key in ("address", "port", "tls", "verdict", "reason"))
        for endpoint in report.get("endpoints") or []
    ]
    return brief


def change_sets(program):
    """The journal, newest first. Empty where nothing was ever applied."""
    return program.require("history").get("changes") or []
