// Writes what Grafana and Prometheus read, and the pages that explain it; --check only compares. --queries prints every
// query of every panel as JSON lines; --tests FILE writes the tests of the rules, one fault against every alert.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { kAlerts, kAlso, kHealthy } from "./alerts.js";
import { drift, fleet, gateway, quality, rollout } from "./fleet_boards.js";
import { alarms, defender, internals, sync } from "./hub_boards.js";
import { anchor, dashboard, promql, type Board } from "./kit.js";
import { lint } from "./lint.js";

const root = process.argv[2] ?? "../..";
const boards: Board[] = [fleet, gateway, quality, drift, rollout, sync, alarms, defender, internals];
const kMade = "made by deploy/grafana from src/; do not edit";
const files = new Map<string, string>();
const findings: string[] = [];

for (const board of boards) {
  const made = dashboard(board);
  findings.push(...lint(board.uid, made));
  files.set(`deploy/grafana/dashboards/${board.uid}.json`, `${JSON.stringify(made, null, 1)}\n`);
}

const quoted = (text: string): string => JSON.stringify(text); // JSON's strings are YAML's, too
const panelOf = (alert: (typeof kAlerts)[number]) => {
  const board = boards.find((one) => one.uid === alert.board);
  const view = board?.views.find((one) => one.title === alert.panel);
  if (!board || !view) throw new Error(`${alert.name}: there is no panel ${alert.board} / ${alert.panel}`);
  return { board, view, id: board.views.indexOf(view) + 1 };
};

files.set("deploy/prometheus/rules.yml", [
  `# ${kMade}`, "groups:", "  - name: millwright", "    rules:",
  ...kAlerts.flatMap((alert) => {
    const { board, view } = panelOf(alert);
    return [
      `      - alert: ${alert.name}`, `        expr: ${quoted(alert.expr)}`, `        for: ${alert.hold}`, "        labels:", `          severity: ${alert.severity}`, "        annotations:",
      `          summary: ${quoted(alert.summary)}`, `          runbook_url: ${quoted(`docs/runbook.md#${anchor(board, view)}`)}`, `          dashboard: ${alert.board}`,
    ];
  }), "",
].join("\n"));

// Every fault against every alert: it fires its own, and no other.
const labelsOf = (alert: (typeof kAlerts)[number], series: string): string => {
  const by = /by \(([^)]*)\)/.exec(alert.expr)?.[1]?.split(", ").filter((label) => label !== "le") ?? null;
  const all = [...series.slice(series.indexOf("{")).matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value] as const);
  const kept = by === null ? all : all.filter(([key]) => by.includes(key as string));
  return kept.map(([key, value]) => `${key}: ${quoted(value as string)}`).join(", ");
};
const faults = [{ words: "a fleet that is well", series: {} as Record<string, string>, fires: [] as string[] }, ...kAlerts.flatMap((alert) => alert.faults.map((fault) => ({ ...fault, fires: [alert.name, ...(kAlso[fault.words] ?? [])] })))];
const tests = [
  `rule_files: [${quoted(resolve(root, "deploy/prometheus/rules.yml"))}]`, "evaluation_interval: 10m", "tests:",
  ...faults.flatMap((fault) => {
    const first = Object.keys(fault.series)[0] ?? "";
    return [
      `  - name: ${quoted(fault.words)}`, "    interval: 1m", "    input_series:",
      ...Object.entries({ ...kHealthy, ...fault.series }).map(([series, values]) => `      - {series: ${quoted(series)}, values: ${quoted(values)}}`),
      "    alert_rule_test:",
      ...kAlerts.map((alert) =>
        fault.fires.includes(alert.name)
          ? `      - {eval_time: 590m, alertname: ${alert.name}, exp_alerts: [{exp_labels: {severity: ${alert.severity}, ${labelsOf(alert, first)}}, exp_annotations: {summary: ${quoted(filled(alert.summary, first))}, runbook_url: ${quoted(`docs/runbook.md#${anchor(panelOf(alert).board, panelOf(alert).view)}`)}, dashboard: ${alert.board}}}]}`
          : `      - {eval_time: 590m, alertname: ${alert.name}, exp_alerts: []}`),
    ];
  }), "",
].join("\n");

function filled(summary: string, series: string): string {
  return summary.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => new RegExp(`${label}="([^"]*)"`).exec(series)?.[1] ?? "");
}

files.set("deploy/grafana/provisioning/alerting/millwright.yaml", [
  `# ${kMade}`, "apiVersion: 1", "groups:", "  - orgId: 1", "    name: millwright", "    folder: Millwright", "    interval: 1m", "    rules:",
  ...kAlerts.flatMap((alert) => [
    `      - uid: mw-${alert.name.toLowerCase()}`, `        title: ${alert.name}`, "        condition: A", "        data:", "          - refId: A", "            relativeTimeRange: {from: 3600, to: 0}", "            datasourceUid: millwright-prometheus",
    `            model: {refId: A, instant: true, expr: ${quoted(alert.expr)}}`, "        noDataState: OK", "        execErrState: Error", `        for: ${alert.hold}`, `        dashboardUid: ${alert.board}`, `        panelId: ${panelOf(alert).id}`,
    `        annotations: {summary: ${quoted(alert.summary)}}`, `        labels: {severity: ${alert.severity}}`,
  ]), "",
].join("\n"));

files.set("docs/runbook.md", [
  "# Runbook", "", `What each panel shows and what to do where it looks wrong (${kMade.replace("; do not edit", "")}).`, "",
  ...boards.flatMap((board) => [`## ${board.title.replace("Millwright / ", "")}`, "", board.about, "",
    ...board.views.flatMap((view) => [`<a id="${anchor(board, view)}"></a>`, `**${view.title}.** ${view.about} *Do:* ${view.act}`, ""])]),
].join("\n"));

files.set("docs/alerts.md", [
  "# Alerts", "", `Each fault below is injected by \`./check --dashboards\` into the series of a fleet that is otherwise well (promtool, ten hours of each), and fires its alert and no other (${kMade.replace("; do not edit", "")}).`, "",
  "| fault | alert | severity | panel |", "|---|---|---|---|",
  ...kAlerts.flatMap((alert) => alert.faults.map((fault) => `| ${fault.words} | ${[alert.name, ...(kAlso[fault.words] ?? [])].join(", ")} | ${alert.severity} | ${panelOf(alert).board.title.replace("Millwright / ", "")}: [${alert.panel}](runbook.md#${anchor(panelOf(alert).board, panelOf(alert).view)}) |`)), "",
].join("\n"));

const testsAt = process.argv.indexOf("--tests");
if (testsAt >= 0) writeFileSync(process.argv[testsAt + 1] ?? "rules_test.yml", tests);
if (process.argv.includes("--queries")) {
  for (const board of boards) for (const view of board.views) for (const query of view.queries) console.log(JSON.stringify({ board: board.uid, panel: view.title, expr: promql(query.expr) }));
} else if (process.argv.includes("--check") || testsAt >= 0) {
  for (const [file, text] of files) {
    let there = "";
    try {
      there = readFileSync(join(root, file), "utf8");
    } catch {
      // told below
    }
    if (there !== text) findings.push(`${file} is not what deploy/grafana/src makes: run npm run build there`);
  }
} else {
  for (const [file, text] of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
}
if (!process.argv.includes("--queries")) console.log(JSON.stringify({ dashboards: boards.length, panels: boards.reduce((sum, board) => sum + board.views.length, 0), alerts: kAlerts.length, faults: faults.length - 1, findings }));
process.exit(findings.length > 0 ? 1 : 0);
