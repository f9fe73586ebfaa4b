// From a few words a panel to what Grafana reads. Types are Grafana's own: a field that it does not know does not compile.
import {
  DashboardCursorSync,
  FieldColorModeId,
  ThresholdsMode,
  VariableHide,
  VariableRefresh,
  type Dashboard,
  type DashboardLink,
  type Panel,
  type VariableModel,
} from "@grafana/schema";

export interface View {
  title: string;
  /** What is drawn, in a sentence. */
  about: string;
  /** What a person does where it looks wrong: the runbook's text. */
  act: string;
  unit: "short" | "s" | "bytes" | "percentunit" | "reqps" | "ops";
  kind: "timeseries" | "stat" | "bargauge";
  /** PromQL with @ for the matchers of job and instance, @s for these and the plant's; legends by label. */
  queries: { expr: string; legend: string }[];
  /** From here on a person acts. */
  limit?: number;
  /** Of 24 columns. */
  width?: number;
}

export interface Board {
  uid: string;
  title: string;
  about: string;
  views: View[];
}

const kSource = { type: "prometheus", uid: "${datasource}" };
const kRunbook = "https://millwright.example/docs/runbook.md";
const kColumns = 24;
const kHeights = { timeseries: 8, stat: 4, bargauge: 8 } as const;

export const anchor = (board: Board, view: View): string =>
  `${board.uid.replace(/^millwright-/, "")}-${view.title}`.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/-$/, "");

export const promql = (expr: string): string =>
  expr.replaceAll("@s", 'job=~"$job",instance=~"$instance",site=~"$site"').replaceAll("@", 'job=~"$job",instance=~"$instance"');

function variable(name: string, label: string, metric: string): VariableModel {
  return {
    name,
    label,
    type: "query",
    datasource: kSource,
    query: { query: `label_values(${metric}, ${name})`, refId: name },
    refresh: VariableRefresh.onTimeRangeChanged,
    multi: true,
    includeAll: true,
    allValue: ".+",
    current: { text: ["All"], value: ["$__all"] },
    hide: VariableHide.dontHide,
  };
}

function variables(usesSite: boolean): VariableModel[] {
  const source: VariableModel = { name: "datasource", label: "Data Source", type: "datasource", query: "prometheus", hide: VariableHide.dontHide };
  const list = [source, variable("job", "Job", "millwright_hub_build_info"), variable("instance", "Instance", 'millwright_hub_build_info{job=~"$job"}')];
  if (usesSite) list.push(variable("site", "Plant", 'millwright_fleet_gateways{job=~"$job",instance=~"$instance"}'));
  return list;
}

const kLinks: DashboardLink[] = [
  {
    title: "Millwright", type: "dashboards", tags: ["millwright"], asDropdown: true, includeVars: true, keepTime: true, targetBlank: false, icon: "apps", tooltip: "The other dashboards",
  },
];

function panel(board: Board, view: View, id: number, at: { x: number; y: number; w: number; h: number }): Panel {
  return {
    id,
    type: view.kind,
    title: view.title,
    description: view.about,
    datasource: kSource,
    gridPos: at,
    links: [{ title: "Runbook", type: "link", url: `${kRunbook}#${anchor(board, view)}`, tags: [], asDropdown: false, includeVars: false, keepTime: false, targetBlank: true, icon: "doc", tooltip: "What to do" }],
    targets: view.queries.map(({ expr, legend }, index) => ({ refId: String.fromCharCode(65 + index), datasource: kSource, expr: promql(expr), legendFormat: legend, ...(view.kind === "timeseries" ? {} : { instant: true }) })),
    fieldConfig: {
      defaults: {
        unit: view.unit,
        min: 0,
        color: { mode: view.limit === undefined ? FieldColorModeId.PaletteClassic : FieldColorModeId.Thresholds },
        thresholds: { mode: ThresholdsMode.Absolute, steps: [{ color: "green", value: null }, ...(view.limit === undefined ? [] : [{ color: "red", value: view.limit }])] },
        ...(view.kind === "timeseries" ? { custom: { fillOpacity: 8, lineWidth: 1, showPoints: "never", thresholdsStyle: { mode: view.limit === undefined ? "off" : "dashed" } }, color: { mode: FieldColorModeId.PaletteClassic } } : {}),
      },
      overrides: [],
    },
    options: view.kind === "timeseries" ? { legend: { displayMode: "list", placement: "bottom", showLegend: true }, tooltip: { mode: "multi", sort: "desc" } } : { reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false }, textMode: "auto", orientation: "auto" },
  };
}

/** Rows of panels, left to right, each row as high as its highest. */
export function dashboard(board: Board): Dashboard {
  let x = 0, y = 0, height = 0;
  const panels = board.views.map((view, index) => {
    const w = view.width ?? (view.kind === "stat" ? 6 : 12);
    const h = kHeights[view.kind];
    if (x + w > kColumns) (x = 0), (y += height), (height = 0);
    const at = { x, y, w, h };
    x += w;
    height = Math.max(height, h);
    return panel(board, view, index + 1, at);
  });
  const usesSite = board.views.some((view) => view.queries.some((query) => query.expr.includes("@s")));
  return {
    uid: board.uid,
    title: board.title,
    description: board.about,
    tags: ["millwright"],
    schemaVersion: 42,
    version: 1,
    editable: false,
    graphTooltip: DashboardCursorSync.Crosshair,
    refresh: "30s",
    time: { from: "now-6h", to: "now" },
    timezone: "browser",
    links: kLinks,
    templating: { list: variables(usesSite) },
    annotations: { list: [] },
    panels,
  };
}
