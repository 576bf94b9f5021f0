"""Ansible's way into a lab (Tests/Lab/lab): a command in the host, or in the world outside of it."""

import os
import subprocess

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.connection import ConnectionBase

DOCUMENTATION = r"""
name: lab
short_description: Run tasks in a lab
description: Runs commands through C(Tests/Lab/lab), whose path is in the environment as C(LAB).
author: The agent maintainers
options:
  lab_name:
    description: The name of the lab.
    vars: [{name: lab_name}]
  lab_side:
    description: C(exec) for the host, C(outside) for the world outside.
    default: exec
    vars: [{name: lab_side}]
"""


class Connection(ConnectionBase):
    transport = "lab"
    has_pipelining = True

    def _connect(self):
        if not self._connected:
            done = subprocess.run(self._words("path"), capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise AnsibleConnectionFailure(done.stderr.strip())
            self._connected = True
        return self

    def _words(self, command, *arguments):
        return [os.environ["LAB"], command, "--name", self.get_option("lab_name"), *arguments]

    def exec_command(self, cmd, in_data=None, sudoable=True):
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        words = self._words(self.get_option("lab_side"), "--", "/bin/sh", "-c", cmd)
        done = subprocess.run(words, input=in_data or b"", capture_output=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def put_file(self, in_path, out_path):
        super().put_file(in_path, out_path)
        with open(in_path, "rb") as file:
            self._copy(["/usr/bin/dd", f"of={out_path}", "status=none"], stdin=file)

    def fetch_file(self, in_path, out_path):
        super().fetch_file(in_path, out_path)
        with open(out_path, "wb") as file:
            self._copy(["/usr/bin/cat", in_path], stdout=file)

    def _copy(self, command, **streams):
        done = subprocess.run(
            self._words(self.get_option("lab_side"), "--", *command), stderr=subprocess.PIPE, check=False, **streams)
        if done.returncode != 0:
            raise AnsibleError(done.stderr.decode(errors="replace"))

    def close(self):
        self._connected = False
