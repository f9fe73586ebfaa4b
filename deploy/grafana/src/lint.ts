// What must hold of every dashboard: the rules of Grafana's own linter that apply here, and ours.
import type { Dashboard, Panel } from "@grafana/schema";

const kTemplates = ["datasource", "job", "instance"];

export function lint(file: string, board: Dashboard): string[] {
  const found: string[] = [];
  const say = (rule: string, what: string) => found.push(`${file}: ${rule}: ${what}`);
  const variables = board.templating?.list ?? [];
  const panels = (board.panels ?? []) as Panel[];
  const text = JSON.stringify(panels) + JSON.stringify(variables.map((one) => one.query));

  const source = variables.find((one) => one.name === "datasource");
  if (source?.type !== "datasource" || source.label !== "Data Source") say("template-datasource", "needs a variable datasource, called Data Source");
  for (const name of kTemplates.slice(1)) {
    const one = variables.find((other) => other.name === name);
    if (!one?.multi || one.allValue !== ".+") say(`template-${name}`, "needs several values, and .+ for all");
  }
  for (const one of variables) {
    if (one.type === "query" && one.refresh !== 2) say("template-on-time-change-reload", `${one.name} is not read again`);
    if (one.type === "query" && !/^label_values\(.+, \w+\)$/.test((one.query as { query: string }).query)) say("template-label-promql", `${one.name} asks for no label`);
    if (!text.includes(`$${one.name}`) && !text.includes(`\${${one.name}}`)) say("variable-used", one.name);
  }
  if (board.editable !== false) say("uneditable-dashboard", "is editable");
  const ids = new Set<number>();
  for (const panel of panels) {
    const name = panel.title ?? "?";
    if (panel.datasource?.uid !== "${datasource}") say("panel-datasource", name);
    if (!panel.title || !panel.description) say("panel-title-description", name);
    if (!panel.fieldConfig?.defaults.unit) say("panel-units", name);
    if (!panel.targets?.length) say("panel-no-targets", name);
    if (!panel.links?.some((link) => link.url?.includes("#"))) say("panel-runbook", name);
    if (panel.id === undefined || ids.has(panel.id)) say("panel-id", name);
    ids.add(panel.id ?? -1);
    for (const target of panel.targets ?? []) lintTarget(String((target as { expr?: unknown }).expr ?? ""), name, say);
    for (const other of panels) if (other !== panel && overlap(panel, other)) say("grid", `${name} lies over ${other.title}`);
  }
  return found;
}

function lintTarget(expr: string, panel: string, say: (rule: string, what: string) => void): void {
  let depth = 0;
  for (const c of expr) depth += c === "(" ? 1 : c === ")" ? -1 : 0;
  if (depth !== 0 || expr.includes("@")) say("target-promql", `${panel}: ${expr}`);
  for (const [selector] of expr.matchAll(/millwright_\w+\{[^}]*\}?/g)) {
    if (!selector.includes('job=~"$job"')) say("target-job", `${panel}: ${selector}`);
    if (!selector.includes('instance=~"$instance"')) say("target-instance", `${panel}: ${selector}`);
  }
  if (/millwright_\w+(?![\w{])/.test(expr.replaceAll(/millwright_\w+\{/g, "{"))) say("target-job", `${panel}: a metric without matchers`);
  for (const [, window] of expr.matchAll(/rate\([^[]*\[([^\]]+)\]/g)) if (window !== "$__rate_interval") say("target-rate-interval", `${panel}: ${window}`);
  for (const { 0: counter, index } of expr.matchAll(/millwright_\w+_total\{/g))
    if (!/(rate|irate|increase)\($/.test(expr.slice(0, index))) say("target-counter-agg", `${panel}: ${counter}`);
}

function overlap(a: Panel, b: Panel): boolean {
  const p = a.gridPos, q = b.gridPos;
  return !!p && !!q && p.x < q.x + q.w && q.x < p.x + p.w && p.y < q.y + q.h && q.y < p.y + p.h;
}
