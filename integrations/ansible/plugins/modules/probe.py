#!/usr/bin/python

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: probe
short_description: Ask a mail host, from outside, to relay
description:
  - Runs C(agent probe). Without C(targets) the host is asked on every address and port where it serves mail, from a network namespace
    whose address it takes for a stranger's.
  - With C(targets) the machine that runs the module asks the servers named, up to the reply to C(RCPT TO). Delegated to the controller
    or to another machine, that machine is the vantage.
  - No setting and no file of a host is changed.
extends_documentation_fragment:
  - relay_agent.mail.program
options:
  targets:
    description: Servers to ask, each as C(host), C(host:port) or C([address]:port).
    type: list
    elements: str
  from:
    description: The vantage to probe this host from, as C(--from) takes it (C(netns), C(direct), C(ssh://HOST), C(https://HOST)), in place of the policy's.
    type: str
  accept:
    description: The verdicts that are no failure.
    type: list
    elements: str
    choices: [closed, open, inconclusive, unreachable]
    default: [closed]
attributes:
  check_mode:
    support: full
    description: Can run in check_mode and return changed status prediction without modifying target.
  diff_mode:
    support: none
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode
"""

EXAMPLES = r"""
- name: Is this host closed?
  relay_agent.mail.probe:

- name: Is it closed as the controller sees it?
  relay_agent.mail.probe:
    targets: ["{{ inventory_hostname }}:25", "{{ inventory_hostname }}:587"]
  delegate_to: localhost
"""

RETURN = r"""
verdict:
  description: The worst verdict of all, C(open), C(inconclusive), C(unreachable) or C(closed) in that order.
  returned: when there was an answer
  type: str
  sample: closed
reports:
  description: One for each server, by address, port and TLS state, without the dialogues.
  returned: when there was an answer
  type: list
  elements: dict
exit_status:
  description: The agent's exit status.
  returned: always
  type: int
  sample: 0
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.relay_agent.mail.plugins.module_utils.program import (
    PROGRAM_ARGUMENTS, Program, brief_probe, flags)

WORST_FIRST = ("open", "inconclusive", "unreachable", "closed")


def main():
    module = AnsibleModule(
        argument_spec=dict(PROGRAM_ARGUMENTS, **{
            "targets": {"type": "list", "elements": "str"},
            "from": {"type": "str"},
            "accept": {
                "type": "list", "elements": "str", "default": ["closed"],
                "choices": ["closed", "open", "inconclusive", "unreachable"],
            },
        }),
        supports_check_mode=True)
    program = Program(module)
    targets = module.params["targets"]
    answer = program.run("probe", *(flags(module, "from") + (["--"] + targets if targets else [])))
    document = answer.document
    reports = document.get("reports") or ([document] if document.get("format") == "agent.probe/1" else [])
    if not reports:
        program.fail(answer)
    seen = [report["verdict"] for report in reports]
    result = {
        "changed": False,
        "verdict": next(verdict for verdict in WORST_FIRST if verdict in seen),
        "reports": [brief_probe(report) for report in reports],
    }
    unwanted = [report for report in reports if report["verdict"] not in module.params["accept"]]
    if unwanted:
        module.fail_json(
            msg="; ".join("{0} is {1}".format(report["target"], report["verdict"]) for report in unwanted),
            exit_status=answer.status, **result)
    module.exit_json(exit_status=answer.status, **result)


if __name__ == "__main__":
    main()
