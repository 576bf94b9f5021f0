#!/usr/bin/python

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: confirm
short_description: Keep or undo what the agent's open confirm window holds
description:
  - Runs C(agent confirm) or C(agent cancel) on a host where M(relay_agent.mail.apply) left a window open with C(confirm_timeout).
  - Where no window is open and the last change ended as asked for, nothing is done.
extends_documentation_fragment:
  - relay_agent.mail.program
options:
  state:
    description: Whether the change stays.
    type: str
    choices: [confirmed, cancelled]
    default: confirmed
  change:
    description: The change set, as C(agent history) numbers it. The newest one if left out.
    type: int
  allow_insecure:
    description: With C(state=cancelled), go back even to a state that relays for strangers, not into the safe harbour.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: Can run in check_mode and return changed status prediction without modifying target.
  diff_mode:
    support: none
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode
"""

EXAMPLES = r"""
- name: Keep it
  relay_agent.mail.confirm:

- name: Undo it
  relay_agent.mail.confirm:
    state: cancelled
"""

RETURN = r"""
outcome:
  description: How the change ended, as M(relay_agent.mail.apply) has it.
  returned: when it was run, not in check mode
  type: str
  sample: confirmed
change:
  description: The change set.
  returned: success
  type: int
  sample: 7
reasons:
  description: Why it did not end as C(confirmed).
  returned: when it was run, not in check mode
  type: list
  elements: str
probe:
  description: What was seen from outside, by address, port and TLS state, without the dialogues; null where nobody looked.
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
    PROGRAM_ARGUMENTS, Program, change_sets, flags)

VERBS = {"confirmed": "confirm", "cancelled": "cancel"}
# How a change ended that needs nothing more.
SETTLED = {"confirmed": ("confirmed", "unconfirmed"), "cancelled": ("rolled-back", "harboured")}


def main():
    module = AnsibleModule(
        argument_spec=dict(PROGRAM_ARGUMENTS, **{
            "state": {"type": "str", "choices": ["confirmed", "cancelled"], "default": "confirmed"},
            "change": {"type": "int"},
            "allow_insecure": {"type": "bool", "default": False},
        }),
        supports_check_mode=True)
    program = Program(module)
    state, change = module.params["state"], module.params["change"]
    journal = change_sets(program)
    rows = [row for row in journal if change is None or row["change"] == str(change)]
    if change is None and not rows:
        module.exit_json(changed=False, exit_status=0, outcome=None, change=None, reasons=[])
    if rows and not rows[0]["confirm-until"] and rows[0]["outcome"] in SETTLED[state]:
        module.exit_json(
            changed=False, exit_status=0, outcome=rows[0]["outcome"], change=int(rows[0]["change"]), reasons=[])
    if module.check_mode and rows and rows[0]["confirm-until"]:
        module.exit_json(changed=True, exit_status=0, change=int(rows[0]["change"]))
    # Where the journal has no window that fits, the agent refuses, in its own words and without a change.
    arguments = [change] if change is not None else []
    if state == "cancelled":
        arguments += flags(module, "allow_insecure")
    answer, result = program.change(VERBS[state], *arguments)
    # The window is closed, whatever became of the change; kept, though no vantage could look, is what was asked for.
    result["changed"] = True
    program.end(answer, answer.status == 0 or answer.outcome in SETTLED[state], **result)


if __name__ == "__main__":
    main()
