#!/usr/bin/python

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: status_info
short_description: Read how a mail host stands
description:
  - Runs C(agent status) on the host, which changes nothing and asks nobody from outside.
  - What the level is, is no failure of the module; a task that minds asserts on it.
extends_documentation_fragment:
  - relay_agent.mail.program
attributes:
  check_mode:
    support: full
    description: Can run in check_mode and return changed status prediction without modifying target.
  diff_mode:
    support: none
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode
"""

EXAMPLES = r"""
- name: How does the host stand?
  relay_agent.mail.status_info:
  register: mail

- name: Nothing is wrong that a person must see to
  ansible.builtin.assert:
    that: mail.level in ['ok', 'warning']
    fail_msg: "{{ mail.reasons | join('; ') }}"
"""

RETURN = r"""
level:
  description: How much a person is needed, C(ok), C(warning), C(critical) or C(unknown).
  returned: success
  type: str
  sample: ok
reasons:
  description: Why the level is not C(ok), the most urgent reason first.
  returned: success
  type: list
  elements: str
status:
  description: The whole document C(agent.status/1).
  returned: success
  type: dict
exit_status:
  description: The agent's exit status.
  returned: always
  type: int
  sample: 0
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.relay_agent.mail.plugins.module_utils.program import PROGRAM_ARGUMENTS, Program


def main():
    module = AnsibleModule(argument_spec=dict(PROGRAM_ARGUMENTS), supports_check_mode=True)
    program = Program(module)
    document = program.require("status")
    module.exit_json(changed=False, exit_status=0, level=document["level"], reasons=document["reasons"], status=document)


if __name__ == "__main__":
    main()
