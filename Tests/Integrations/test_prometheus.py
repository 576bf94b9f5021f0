"""When the alerts for Prometheus fire, and what the dashboard counts, by promtool's own evaluation."""

import json
import pathlib
import subprocess
import tempfile
import unittest

from lab import TOP

RULES = TOP / "integrations/prometheus/agent.rules.yml"
DASHBOARD = TOP / "integrations/prometheus/agent.dashboard.json"
VERDICTS = ("open", "partial", "closed", "broken", "unknown")
DAY = 24 * 60


def metric(name, values, instance="mx", **labels):
    """A series, a sample every five minutes; VALUES in promtool's notation."""
    labels = {"instance": instance, "job": "node", **labels}
    words = ", ".join(f'{key}="{value}"' for key, value in labels.items())
    return {"series": f"{name}{{{words}}}", "values": values}


def published(verdict="closed", level=0, instance="mx", **others):
    """What a host publishes for two days; OTHERS are metrics by their names without the prefix."""
    one = {"relay_verdict": [(int(each == verdict), {"verdict": each}) for each in VERDICTS], "level": [(level, {})]}
    series = [
        metric(f"relay_agent_{name}", f"{value}x600", instance, **labels)
        for name, samples in one.items() for value, labels in samples
    ]
    series += [metric(f"relay_agent_{name}", str(values), instance) for name, values in others.items()]
    return series + [metric("up", "1x600", instance, role="mail")]


class Alerts(unittest.TestCase):
    def evaluate(self, series, **test):
        """What promtool says against the tests, empty where it agrees."""
        with tempfile.TemporaryDirectory() as scratch:
            path = pathlib.Path(scratch, "test.yml")
            path.write_text(json.dumps({
                "rule_files": [str(RULES)], "evaluation_interval": "5m",
                "tests": [{"interval": "5m", "input_series": series, **test}],
            }))
            done = subprocess.run(
                ["/usr/bin/promtool", "test", "rules", path], capture_output=True, text=True, check=False)
        return "" if done.returncode == 0 else done.stdout + done.stderr

    def assert_firing(self, series, expected, minutes=DAY):
        """EXPECTED: how many alerts of each name."""
        samples = [{"labels": f'{{alertname="{name}"}}', "value": count} for name, count in expected.items()]
        self.assertEqual("", self.evaluate(series, promql_expr_test=[{
            "expr": 'count by (alertname) (ALERTS{alertstate="firing"})', "eval_time": f"{minutes}m",
            "exp_samples": samples}]))

    def test_a_host_in_order_raises_nothing(self):
        self.assert_firing(published(
            last_probe_open="0x600", undone_changes="0x600", store_size_bytes="1000000x600", interrupted_changes="0x600",
            last_probe_timestamp_seconds="0x600"), {})

    def test_an_open_host_raises_one_alert_and_counts_once_whoever_says_so(self):
        for verdict, probe in (("open", 1), ("partial", 1), ("open", 0), ("closed", 1)):
            with self.subTest(verdict=verdict, probe=probe):
                series = published(verdict, 2, last_probe_open=f"{probe}x600")
                self.assert_firing(series, {"OpenMailRelay": 1})
                self.assertEqual(self.counted(series), "")
        self.assert_firing(published("open", 2) + published("open", 2, instance="my"), {"OpenMailRelay": 2})

    def counted(self, series):
        """Whether the dashboard's first figure is one host."""
        panel = json.loads(DASHBOARD.read_text())["panels"][0]
        self.assertEqual(panel["title"], "Hosts that relay for strangers")
        return self.evaluate(series, promql_expr_test=[{
            "expr": panel["targets"][0]["expr"].replace("$instance", ".*"), "eval_time": "1d",
            "exp_samples": [{"labels": "{}", "value": 1}]}])

    def test_what_cannot_be_told_is_said_once(self):
        self.assert_firing(published("unknown", 3), {"MailRelayUnknown": 1})
        self.assert_firing(published("closed", 3), {"MailStatusUnknown": 1})

    def test_an_open_window_is_said_at_once_and_no_longer_when_it_is_over(self):
        series = published(level=1, window_deadline_timestamp_seconds="_x2 1500x600")
        for minutes, expected in ((5, {}), (20, {"MailChangeUnconfirmed": 1}), (30, {}), (DAY, {})):
            self.assert_firing(series, expected, minutes)

    def test_undoing_is_said_while_it_grows(self):
        # Undone after two hours and after three, and out of the day's count on the day after.
        series = published(level=1, undone_changes="0x23 1x11 2x270 0x270")
        for minutes, expected in ((100, {}), (125, {"MailChangeUndone": 1}), (300, {"MailChangeUndone": 1}), (1000, {}), (2400, {})):
            self.assert_firing(series, expected, minutes)

    def test_a_large_store_and_a_change_that_was_cut_off(self):
        self.assert_firing(published(store_size_bytes="3000000000x600"), {"MailStoreLarge": 1})
        self.assert_firing(published(level=2, interrupted_changes="1x600"), {"MailChangeInterrupted": 1})

    def test_a_host_that_never_published_or_stopped_is_missed_and_one_that_is_down_is_not(self):
        never = [metric("up", "1x600", role="mail")]
        self.assert_firing(never, {"MailStatusMissing": 1})
        self.assert_firing([metric("up", "1x600")], {})
        self.assert_firing([metric("up", "0x600", role="mail")], {})
        stopped = [metric("relay_agent_level", "0x270 _x300"), metric("up", "1x600")]
        self.assert_firing(stopped, {"MailStatusMissing": 1}, 2000)
