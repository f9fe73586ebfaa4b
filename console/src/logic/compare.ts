// Two releases side by side: what differs, and which of the two is better where that can be said of one figure alone.
import { bytes, count } from "./format.ts";
import type { Release } from "./rollout_types.ts";

export interface ComparedRow {
  what: string;
  before: string;
  after: string;
  /** Of `after` against `before`; "" where neither is better by itself. */
  change: "better" | "worse" | "same" | "";
}

interface Figure {
  key: string;
  label: string;
  show: (value: number) => string;
  better: "more" | "less" | "";
}

const percent = (value: number) => `${(value * 100).toFixed(1)} %`;
const kFigures: Figure[] = [
  { key: "macro_f1", label: "Macro F1", show: percent, better: "more" },
  { key: "balanced_accuracy", label: "Balanced accuracy", show: percent, better: "more" },
  { key: "pr_auc", label: "PR-AUC, any fault", show: percent, better: "more" },
  { key: "calibration_error", label: "Calibration error", show: percent, better: "less" },
  { key: "far", label: "False-alarm rate", show: percent, better: "less" },
  { key: "mar", label: "Missed-alarm rate", show: percent, better: "less" },
  { key: "delay_s_median", label: "Median delay", show: (value) => `${value.toFixed(1)} s`, better: "less" },
  { key: "parity_agreement", label: "INT8 agrees with float", show: percent, better: "more" },
];

function change(before: number | undefined, after: number | undefined, better: Figure["better"]): ComparedRow["change"] {
  if (before === undefined || after === undefined || better === "") return "";
  if (before === after) return "same";
  return after > before === (better === "more") ? "better" : "worse";
}

function figureRows(before: Release, after: Release): ComparedRow[] {
  return kFigures
    .filter(({ key }) => before.figures[key] !== undefined || after.figures[key] !== undefined)
    .map(({ key, label, show, better }) => {
      const told = (release: Release) => (release.figures[key] === undefined ? "not told" : show(release.figures[key]));
      return { what: label, before: told(before), after: told(after), change: change(before.figures[key], after.figures[key], better) };
    });
}

/** Rows of the comparison. Figures come from each bundle's own report, on its own validation data. */
export function compare(before: Release, after: Release): ComparedRow[] {
  const row = (what: string, of: (release: Release) => string): ComparedRow => ({ what, before: of(before), after: of(after), change: "" });
  const events = ({ figures }: Release) =>
    figures.events_found === undefined || figures.events_total === undefined ? "not told" : `${count(figures.events_found)} of ${count(figures.events_total)}`;
  const short = (text: string) => (text === "" ? "not told" : text.length > 16 ? text.slice(0, 12) : text);
  return [
    ...figureRows(before, after),
    row("Events found", events),
    { ...row("Model file", (one) => bytes(one.model_bytes)), change: change(before.model_bytes, after.model_bytes, "less") },
    row("Input", (one) => `${count(one.steps)} steps of ${count(one.features)}`),
    row("Classes", (one) => one.classes.join(", ") || "not told"),
    row("Trained on data", (one) => short(one.lineage.data_hash)),
    row("Trained by", (one) => `${one.lineage.trainer} ${one.lineage.code_version}`.trim() || "not told"),
    row("Made", (one) => (one.created_ms > 0 ? new Date(one.created_ms).toISOString().slice(0, 10) : "not told")),
  ];
}

/** True where both were judged on the same data: only then do their figures say which is better. */
export const sameData = (a: Release, b: Release): boolean => a.lineage.data_hash !== "" && a.lineage.data_hash === b.lineage.data_hash;

/** From the release back to the first of its parents that is offered here; the last entry may be a digest that is not. */
export function ancestors(release: Release, releases: readonly Release[]): (Release | string)[] {
  const chain: (Release | string)[] = [];
  const seen = new Set([release.digest]);
  let parent = release.lineage.parent;
  while (parent !== "" && !seen.has(parent)) {
    seen.add(parent);
    const found = releases.find((one) => one.digest === parent);
    chain.push(found ?? parent);
    parent = found?.lineage.parent ?? "";
  }
  return chain;
}

/** What a release is compared with at first: its parent, else the one before it of its line, else any other model. */
export function companion(release: Release, releases: readonly Release[]): Release | undefined {
  const models = releases.filter((one) => one.kind === "model" && one.target !== release.target);
  const before = models.filter((one) => one.line === release.line && one.release < release.release).sort((a, b) => b.release - a.release);
  return models.find((one) => one.digest === release.lineage.parent) ?? before[0] ?? models.find((one) => one.line === release.line) ?? models[0];
}
