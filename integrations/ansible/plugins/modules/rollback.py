#!/usr/bin/python

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: rollback
short_description: Restore exactly what a change of the agent replaced
description:
  - Runs C(agent rollback) on the host. Files come back byte for byte, with owner, mode, ACL, attributes and time; Plesk's settings
    through Plesk's own commands.
  - A change that is taken back already, by the newest change on the host, is left alone.
extends_documentation_fragment:
  - relay_agent.mail.program
options:
  change:
    description: The change set, as C(agent history) numbers it and M(relay_agent.mail.apply) returns it.
    type: int
    required: true
  allow_insecure:
    description: Go back even to a state that relays for strangers.
    type: bool
    default: false
  from:
    description: The vantage to probe the host from, as C(--from) takes it (C(netns), C(direct), C(ssh://HOST), C(https://HOST)), in place of the policy's.
    type: str
attributes:
  check_mode:
    support: full
    description: Can run in check_mode and return changed status prediction without modifying target.
  diff_mode:
    support: full
    description: Returns what the journal has of the change, turned round, without passwords.
seealso:
  - module: relay_agent.mail.apply
"""

EXAMPLES = r"""
- name: Take change 7 back
  relay_agent.mail.rollback:
    change: 7
"""

RETURN = r"""
outcome:
  description:
    - How it ended, as M(relay_agent.mail.apply) has it.
    - Also C(incomplete), taken back, and others than before the change have the mail ports; the task fails then, and whenever it is
      run again with that rollback as the newest change.
  returned: when it was run, not in check mode
  type: str
  sample: confirmed
change:
  description: The change set of the rollback itself, which can be taken back as well; null where there was nothing to do.
  returned: when it was run, not in check mode
  type: int
  sample: 8
reasons:
  description: Why it did not end as C(confirmed).
  returned: when it was run, not in check mode
  type: list
  elements: str
probe:
  description: What was seen from outside, by address, port and TLS state, without the dialogues.
  returned: when it was run, not in check mode
  type: dict
exit_status:
  description: The agent's exit status.
  returned: always
  type: int
  sample: 0
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.relay_agent.mail.plugins.module_utils.program import (
    CHANGING_OUTCOMES, PROGRAM_ARGUMENTS, Program, change_sets, flags, shown_changes)

TURNED = {"-": "+", "+": "-"}


def turned_hunk(lines):
    """The lines of a hunk for the way back; what goes stands before what comes, as diff(1) has it."""
    turned, removed, added = [], [], []
    for line in lines:
        if line[:1] == "+":
            removed.append("-" + line[1:])
        elif line[:1] == "-":
            added.append("+" + line[1:])
        else:
            turned += removed + added + [line]
            removed, added = [], []
    return turned + removed + added


def turned_diff(text):
    """A unified diff as it is the other way round."""
    turned, hunk = [], []
    for line in text.splitlines():
        if line.startswith("@@ -"):
            old, new = line.split(" ")[1:3]
            turned += turned_hunk(hunk) + ["@@ -{0} +{1} @@".format(new[1:], old[1:])]
            hunk = []
        elif line.startswith(("--- ", "+++ ")) and not hunk and not turned[2:]:
            turned.append(line)
        else:
            hunk.append(line)
    return "\n".join(turned + turned_hunk(hunk)) + "\n"


def way_back(document):
    """What taking a change set back does, as far as its journal tells."""
    steps = []
    for step in reversed(document.get("steps") or []):
        if step["state"] != "done" or step["kind"] == "backup" and not step["diff"]:
            continue
        if step["diff"]:
            steps.append({"diff": turned_diff(step["diff"])})
        else:
            steps.append({"summary": "Take back: " + step["summary"]})
    return shown_changes(steps)


def main():
    module = AnsibleModule(
        argument_spec=dict(PROGRAM_ARGUMENTS, **{
            "change": {"type": "int", "required": True},
            "allow_insecure": {"type": "bool", "default": False},
            "from": {"type": "str"},
        }),
        supports_check_mode=True)
    program = Program(module)
    change = str(module.params["change"])
    journal = change_sets(program)
    in_effect = [each for each in journal if each["outcome"] in CHANGING_OUTCOMES]
    if in_effect and in_effect[0]["reverts"] == change:
        done = in_effect[0]
        if done["outcome"] == "incomplete":
            # It is taken back, and not as it was: somebody has yet to look at the mail ports.
            module.fail_json(
                msg="a person must act: change {0} took change {1} back: {2}".format(done["change"], change, done["message"]),
                exit_status=4, outcome="incomplete", change=int(done["change"]), reasons=[done["message"]])
        module.exit_json(changed=False, exit_status=0, outcome="no-change", change=None, reasons=[])
    row = next((each for each in in_effect if each["change"] == change), None)
    result = {}
    if row:
        result["diff"] = way_back(program.require("show", change))
    if module.check_mode:
        if not row:
            module.fail_json(msg="there is no change {0} that is in effect".format(change), exit_status=1)
        if row["relay-before"] in ("open", "partial") and not module.params["allow_insecure"]:
            module.fail_json(msg="the state before change {0} relays for strangers".format(change), exit_status=1)
        module.exit_json(changed=True, exit_status=0, **result)
    answer, run = program.change("rollback", change, "--yes", *flags(module, "allow_insecure", "from"))
    program.end(answer, answer.status == 0, **dict(result, **run))


if __name__ == "__main__":
    main()
