from __future__ import absolute_import, division, print_function

__metaclass__ = type


class ModuleDocFragment(object):
    # What every module of the collection takes.
    DOCUMENTATION = r"""
options:
  binary:
    description:
      - The agent on the host, as an absolute path. It is never copied there by a module.
      - Looked for in the C(PATH), then as C(/usr/bin/agent) and C(/usr/local/bin/agent), if left out.
    type: path
  policy:
    description:
      - The policy to follow, a file on the host.
      - If left out, C(/etc/agent/policy.yaml), else the one that is built in.
    type: path
  store:
    description: The file on the host that holds the journal and the backups, if it is not the usual one.
    type: path
requirements:
  - agent, installed on the host, for instance by the role M(relay_agent.mail.relay_agent)
author:
  - The agent maintainers (@agent-maintainers)
"""
