"""Writes each result as a line of JSON to the file that RECORD names."""

import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: record
type: notification
short_description: Record results
description: Writes each result as a line of JSON.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "record"
    CALLBACK_NEEDS_ENABLED = True

    def _record(self, status, outcome):
        task = outcome._task
        with open(os.environ["RECORD"], "a", encoding="utf-8") as file:
            json.dump(
                {
                    "host": outcome._host.get_name(), "task": task.get_name(), "status": status,
                    "result": outcome._result,
                }, file, default=str)
            file.write("\n")

    def v2_runner_on_ok(self, result):
        self._record("changed" if result._result.get("changed") else "ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._record("failed", result)

    def v2_runner_on_skipped(self, result):
        self._record("skipped", result)

    def v2_runner_on_unreachable(self, result):
        self._record("unreachable", result)
