"""What is committed for Grafana and Prometheus hangs together; types, lint and live queries are ./check --dashboards' part."""

import json
import re
import unittest
from pathlib import Path

import paths  # noqa: F401
from dashboards import plain

ROOT = Path(__file__).resolve().parents[2]
BOARDS = [json.loads(file.read_text()) for file in sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))]
RUNBOOK = (ROOT / "docs/runbook.md").read_text()
RULES = (ROOT / "deploy/prometheus/rules.yml").read_text()


class DashboardsTest(unittest.TestCase):
    def test_every_panel_says_what_to_do(self):
        self.assertEqual(len(BOARDS), 9)
        for board in BOARDS:
            for panel in board["panels"]:
                anchor = panel["links"][0]["url"].split("#")[1]
                self.assertIn(f'<a id="{anchor}"></a>', RUNBOOK, f"{board['uid']}: {panel['title']}")

    def test_every_alert_leads_to_its_panel(self):
        uids = {board["uid"] for board in BOARDS}
        alerts = re.findall(r"- alert: (\w+)", RULES)
        self.assertEqual(len(alerts), len(set(alerts)))
        for anchor in re.findall(r"runbook_url: \"docs/runbook.md#([^\"]+)\"", RULES):
            self.assertIn(f'<a id="{anchor}"></a>', RUNBOOK)
        self.assertLessEqual(set(re.findall(r"dashboard: (\S+)", RULES)), uids)

    def test_only_metrics_that_the_hub_has_are_asked_for(self):
        sources = "".join(file.read_text() for room in ("src", "apps") for file in (ROOT / room).rglob("*.cpp"))
        asked = set(re.findall(r"millwright_\w+", RULES + "".join(target["expr"] for board in BOARDS for panel in board["panels"]
                                                                  for target in panel["targets"])))
        for metric in asked:
            self.assertIn(f'"{re.sub("_bucket$", "", metric)}"', sources, f"{metric} is exported by nothing")

    def test_variables_become_plain_promql(self):
        self.assertEqual(plain('rate(a{job=~"$job",site=~"$site"}[$__rate_interval])'), 'rate(a{job=~".+",site=~".+"}[10s])')


if __name__ == "__main__":
    unittest.main()
