#!/usr/bin/python

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: apply
short_description: Close what relays for strangers on a mail host, as its policy says
description:
  - Runs C(agent apply) on the host. It backs up, changes, reloads, has the host probed from outside, and keeps the change
    only where strangers are refused and hosted mail still arrives.
  - A host that complies is not touched.
  - In check mode it runs C(agent plan), which changes nothing. What only a run finds out, such as a confirm window that is open,
    or a program that somebody starts in between, is not foreseen.
extends_documentation_fragment:
  - relay_agent.mail.program
options:
  confirm_timeout:
    description:
      - Undo the change after this time unless M(relay_agent.mail.confirm) keeps it, for instance C(600s), C(10m) or C(2h).
      - The module succeeds with the window open.
    type: str
  from:
    description: The vantage to probe the host from, as C(--from) takes it (C(netns), C(direct), C(ssh://HOST), C(https://HOST)), in place of the policy's.
    type: str
  leave_harbour:
    description:
      - Leave the safe harbour that an earlier change ended in; see C(docs/safety.md). Without it a host that is in the harbour stays
        there, and the task fails.
    type: bool
    default: false
  stop_unmanaged:
    description: End a program on port 25 that nothing manages. It is only reported otherwise.
    type: bool
    default: false
  without_plesk:
    description: Repair the mail server alone on a host where Plesk cannot be found.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: Can run in check_mode and return changed status prediction without modifying target.
  diff_mode:
    support: full
    description: Returns the plan's own difference, without passwords, as Ansible shows differences.
seealso:
  - module: relay_agent.mail.rollback
  - module: relay_agent.mail.confirm
"""

EXAMPLES = r"""
- name: Close what relays for strangers
  relay_agent.mail.apply:

- name: Close it, and go back in ten minutes unless somebody confirms it
  relay_agent.mail.apply:
    confirm_timeout: 10m
  register: closed
"""

RETURN = r"""
outcome:
  description: How it ended, one of C(confirmed), C(unconfirmed), C(still-open), C(rolled-back), C(harboured), C(no-change), C(failed).
  returned: when it was run, not in check mode
  type: str
  sample: confirmed
change:
  description: The change set, as C(agent history) numbers it; null where there was nothing to change.
  returned: when it was run, not in check mode
  type: int
  sample: 7
reasons:
  description: Why it did not end as C(confirmed).
  returned: when it was run, not in check mode
  type: list
  elements: str
confirm_until:
  description: When the open confirm window goes back by itself; null where none is open.
  returned: when it was run, not in check mode
  type: str
probe:
  description: What was seen from outside, by address, port and TLS state, without the dialogues.
  returned: when it was run, not in check mode
  type: dict
relay:
  description: Whether strangers can relay by the configuration, C(before) and C(after) the changes.
  returned: success
  type: dict
  sample: {"before": "open", "after": "closed"}
findings:
  description: What each rule of the policy found, as in C(agent.plan/1).
  returned: success
  type: list
  elements: dict
changes:
  description: What was planned, each with C(summary), C(kind), and C(diff) or C(command).
  returned: success
  type: list
  elements: dict
exit_status:
  description: The agent's exit status.
  returned: always
  type: int
  sample: 0
"""

import re

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.relay_agent.mail.plugins.module_utils.program import (
    PROGRAM_ARGUMENTS, Program, flags, shown_changes)

# As the agent reads them.
SECONDS = {"s": 1, "m": 60, "h": 3600}
WINDOW = re.compile(r"([0-9]{1,6})([smh])\Z")
VANTAGE = re.compile(r"(netns|direct|ssh://([\w.][\w.-]*@)?[\w.:][\w.:-]*|https://[][\w.:][][\w.:/-]*)\Z")

# With --detailed-exitcode: nothing to do, something to do, not everything was seen.
PLANNED = (0, 2, 5)


def of_plan(document):
    changes = document.get("changes") or []
    return {
        "relay": document.get("relay"),
        "findings": document.get("findings"),
        "changes": changes,
        "diff": shown_changes(changes),
    }


def check_spelling(module):
    """What a run would refuse of its own options: a plan takes none of them."""
    window, vantage = module.params["confirm_timeout"], module.params["from"]
    if window is not None:
        spelled = WINDOW.match(window)
        if not spelled or not 0 < int(spelled.group(1)) * SECONDS[spelled.group(2)] <= 7 * 86400:
            module.fail_json(
                msg="confirm_timeout: a time is a number with s, m or h, a week at most: 600s, 10m, 2h", exit_status=64)
    if vantage is not None and not VANTAGE.match(vantage):
        module.fail_json(msg="from: a vantage is netns, direct, ssh://[user@]host or https://host", exit_status=64)


def foresee(module, program):
    """Check mode."""
    if not program.is_there:
        module.exit_json(skipped=True, msg=program.absence + " yet, so nothing can be foreseen")
    check_spelling(module)
    answer = program.run("plan", "--detailed-exitcode", *flags(module, "leave_harbour", "stop_unmanaged"))
    if answer.status not in PLANNED or "changes" not in answer.document:
        program.fail(answer)
    result = of_plan(answer.document)
    result["changed"] = bool(result["changes"])
    refusals = answer.document.get("refusals")
    if refusals:
        module.fail_json(
            msg="a run would refuse, and change nothing: " + "; ".join(refusals), exit_status=1,
            **dict(result, changed=False))
    unseen = [finding for finding in result["findings"] if finding["status"] == "unknown"]
    for finding in unseen:
        module.warn("{0} could not be seen: {1}".format(finding["id"], finding["actual"]))
    if not result["changes"]:
        left = [each for each in result["findings"] if each["status"] == "drift" and each["id"] != "queue"]
        if left or unseen:
            # An apply that has nothing to do ends so.
            answer.status = 4 if left else 5
            answer.document["outcome"] = "no-change"
            program.fail(answer, **result)
    module.exit_json(exit_status=0, **result)


def carry_out(module, program):
    arguments = flags(module, "confirm_timeout", "from", "leave_harbour", "stop_unmanaged", "without_plesk")
    answer, result = program.change("apply", "--yes", *arguments)
    result.update(of_plan(answer.document), confirm_until=answer.document["confirm-until"])
    program.end(answer, answer.status == 0 or (answer.status == 5 and result["confirm_until"]), **result)


def main():
    module = AnsibleModule(
        argument_spec=dict(PROGRAM_ARGUMENTS, **{
            "confirm_timeout": {"type": "str"},
            "from": {"type": "str"},
            "leave_harbour": {"type": "bool", "default": False},
            "stop_unmanaged": {"type": "bool", "default": False},
            "without_plesk": {"type": "bool", "default": False},
        }),
        supports_check_mode=True)
    program = Program(module)
    if module.check_mode:
        foresee(module, program)
    else:
        carry_out(module, program)


if __name__ == "__main__":
    main()
