"""./check --dashboards: Grafana's dashboards against Grafana's own types, the lint rules, a real Prometheus that scrapes a
real hub with a simulated fleet, and each alert against every fault. The last line with --json is one flat object."""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from procs import Process, free_port, wait_for_port

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "deploy/grafana"
RULES = ROOT / "deploy/prometheus/rules.yml"
PYTHON = "/usr/bin/python3"
FLEET_S = 240
LABELS_WANTED = 2


def say(text: str) -> None:
    print(f"dashboards: {text}", file=sys.stderr, flush=True)


def run(argv: list, cwd: Path = HERE) -> tuple[int, str]:
    done = subprocess.run([*map(str, argv)], cwd=cwd, capture_output=True, text=True, timeout=600)
    return done.returncode, done.stdout + done.stderr


def node() -> str:
    own = ROOT / "build/node/node_modules/.bin/node"
    return str(own) if own.exists() else "node"


def check_source(figures: dict, work: Path) -> None:
    """Types, lint, and that what is committed is what the source makes."""
    code, text = run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"])
    if code != 0:
        raise RuntimeError(f"npm ci: {text.strip().splitlines()[-1]}")
    code, text = run([node(), "node_modules/typescript/bin/tsc", "--outDir", work / "js"])
    figures["type_errors"] = len(re.findall(r"error TS", text))
    if code != 0:
        raise RuntimeError(text[:2000])
    (work / "js/package.json").write_text('{"type": "module"}')
    (work / "js/node_modules").symlink_to(HERE / "node_modules")
    code, text = run([node(), work / "js/write.js", ROOT, "--check", "--tests", work / "rules_test.yml"])
    told = json.loads(text.splitlines()[-1])
    figures["lint_findings"] = len(told["findings"])
    figures["lint"] = told["findings"][:20]
    figures.update({name: told[name] for name in ("dashboards", "panels", "alerts", "faults")})


def check_rules(figures: dict, work: Path) -> None:
    """Each fault fires its alert, and no other: promtool evaluates the rules over ten hours of the fault."""
    code, text = run(["promtool", "check", "rules", RULES])
    if code != 0:
        raise RuntimeError(text)
    code, text = run(["promtool", "test", "rules", work / "rules_test.yml"])
    failed = set(re.findall(r"name: (.+?),", text)) if code != 0 else set()
    unseen = sum(1 for _ in re.finditer(r"exp:\[\s*\n?\s*0:.*?got:\[\]", text, re.S)) if code != 0 else 0
    figures["faults_unseen"] = unseen
    figures["alerts_wrong"] = 0 if code == 0 else max(1, len(failed))
    if code != 0:
        figures["alerts_told"] = text[:2000]


class Asked:
    """A hub or a Prometheus on this machine."""

    def __init__(self, url: str, token: str = ""):
        self.url, self.token = url, token

    def get(self, path: str, body: dict | None = None) -> dict:
        request = urllib.request.Request(self.url + path, data=None if body is None else json.dumps(body).encode(),
                                         headers={"Authorization": f"Bearer {self.token}"} if self.token else {})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())


def start_prometheus(hub: str, token: str, work: Path) -> tuple[Process, Asked]:
    (work / "token").write_text(token)
    target = urllib.parse.urlsplit(hub).netloc
    (work / "prometheus.yml").write_text(
        f"global: {{scrape_interval: 1s, evaluation_interval: 5s}}\nrule_files: [{json.dumps(str(RULES))}]\nscrape_configs:\n"
        f"  - job_name: millwright\n    authorization: {{credentials_file: {json.dumps(str(work / 'token'))}}}\n"
        f"    static_configs: [{{targets: [{json.dumps(target)}]}}]\n")
    port = free_port()
    process = Process("prometheus", ["prometheus", f"--config.file={work}/prometheus.yml", f"--storage.tsdb.path={work}/tsdb",
                                     f"--web.listen-address=127.0.0.1:{port}"], work / "prometheus.log").start()
    wait_for_port(port, process)
    return process, Asked(f"http://127.0.0.1:{port}")


def judge_alarms(hub: Asked, done: int) -> int:
    """People's part: so that panels about verdicts have something to show."""
    for alarm in hub.get("api/v1/inbox?view=judge&limit=5")["alarms"][:LABELS_WANTED - done]:
        hub.get("api/v1/verdicts", {"id": f"dashboards-{done}", "alarms": [alarm["id"]], "verdict": "confirm", "fault": "outer_race"})
        done += 1
    return done


def watch(fleet: subprocess.Popen, hub: Asked, prometheus: Asked) -> float:
    """Until the story is over; the last moment at which the hub was scraped."""
    judged, last, end, trouble = 0, 0.0, time.monotonic() + FLEET_S, None
    while fleet.poll() is None and time.monotonic() < end:
        time.sleep(1)
        try:
            if [one for one in prometheus.get("/api/v1/query?query=up")["data"]["result"] if one["value"][1] == "1"]:
                last = time.time()
            if judged < LABELS_WANTED:
                judged = judge_alarms(hub, judged)
        except (urllib.error.URLError, OSError) as error:
            trouble = error
    if last == 0 or judged == 0:
        say(f"scraped until {last}, {judged} alarms judged; last trouble: {trouble}")
    return last


def plain(expr: str) -> str:
    for name in ("job", "instance", "site"):
        expr = expr.replace(f"${name}", ".+")
    return expr.replace("$__rate_interval", "10s")


def check_live(figures: dict, work: Path) -> None:
    """A bad model is rolled out to two plants while a Prometheus scrapes their hub; then every query of every panel."""
    code, text = run([node(), work / "js/write.js", ROOT, "--queries"])
    queries = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    fleet = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", PYTHON, ROOT / "scripts/mw/demo.py", "--scenario", "bad-model",
                              "--headless"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
    prometheus = None
    try:
        match = None
        for line in fleet.stdout:
            match = re.search(r"(http://\S+?)#token=(\S+)", line)
            if match:
                break
        if not match:
            raise RuntimeError("the fleet did not start")
        prometheus, asked = start_prometheus(match[1], match[2], work)
        at = watch(fleet, Asked(match[1], match[2]), asked) - 1
        empty = []
        for query in queries:
            told = asked.get("/api/v1/query?" + urllib.parse.urlencode({"query": plain(query["expr"]), "time": f"{at:.3f}"}))
            if not told["data"]["result"]:
                empty.append(f"{query['board']} / {query['panel']}")
        figures.update(queries=len(queries), queries_empty=len(empty), empty=empty[:20])
        series = asked.get("/api/v1/query?" + urllib.parse.urlencode({"query": 'count({job="millwright"})', "time": f"{at:.3f}"}))
        figures["series"] = int(series["data"]["result"][0]["value"][1]) if series["data"]["result"] else 0
    finally:
        if prometheus:
            prometheus.stop()
        if fleet.poll() is None:
            fleet.terminate()
        fleet.wait(30)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--live", action="store_true", help="also run every query on a real Prometheus with a simulated fleet")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures: dict = {"not_measured": []}
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        check_source(figures, work)
        say(f"{figures['dashboards']} dashboards, {figures['panels']} panels: {figures['type_errors']} type errors, {figures['lint_findings']} findings")
        check_rules(figures, work)
        say(f"{figures['faults']} faults: {figures['faults_unseen']} unseen, {figures['alerts_wrong']} alerts wrong")
        if options.live:
            check_live(figures, work)
            say(f"{figures['queries']} queries on a live fleet: {figures['queries_empty']} empty {figures['empty']}")
        else:
            figures["not_measured"].append("queries_empty")
    for finding in figures["lint"]:
        say(finding)
    figures["ok"] = not any(figures.get(key) for key in ("type_errors", "lint_findings", "queries_empty", "faults_unseen", "alerts_wrong"))
    if options.json:
        print(json.dumps(figures))
    return 0 if figures["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
