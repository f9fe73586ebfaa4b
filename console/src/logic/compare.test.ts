import assert from "node:assert/strict";
import { test } from "node:test";
import { ancestors, companion, compare, sameData } from "./compare.ts";
import type { Release } from "./rollout_types.ts";

const release = (number: number, more: Partial<Release> = {}): Release => ({
  target: `models/pump/${number}.tar`, kind: "model", name: "pump", version: `${number}`, digest: `d${number}`, model_hash: `h${number}`, line: "models/pump", release: number,
  pack_bytes: 2000, created_ms: Date.UTC(2026, 10, number), model_bytes: 1000, steps: 32, features: 8, classes: ["healthy", "outer_race"],
  lineage: { data_hash: "aa", code_version: "0.1", parent: "", trainer: "millwright-train", seed: 1 }, figures: { macro_f1: 0.9, far: 0.02 }, ...more,
});

test("says which figure is better, and nothing where it cannot be said", () => {
  const rows = compare(release(1), release(2, { figures: { macro_f1: 0.95, far: 0.03, pr_auc: 0.8 }, model_bytes: 1000 }));
  const of = (what: string) => rows.find((one) => one.what === what);
  assert.deepEqual(of("Macro F1"), { what: "Macro F1", before: "90.0 %", after: "95.0 %", change: "better" });
  assert.equal(of("False-alarm rate")?.change, "worse");
  assert.deepEqual(of("PR-AUC, any fault"), { what: "PR-AUC, any fault", before: "not told", after: "80.0 %", change: "" });
  assert.equal(of("Model file")?.change, "same");
  assert.equal(of("Median delay"), undefined, "what neither tells has no row");
});

test("two models are judged on the same data only where their hashes are the same", () => {
  assert.equal(sameData(release(1), release(2)), true);
  assert.equal(sameData(release(1), release(2, { lineage: { ...release(2).lineage, data_hash: "bb" } })), false);
  const untold = { lineage: { ...release(2).lineage, data_hash: "" } };
  assert.equal(sameData(release(1, untold), release(2, untold)), false);
});

test("the lineage goes back to what is not offered here, and ends in a circle", () => {
  const from = (number: number, parent: string) => release(number, { lineage: { ...release(number).lineage, parent } });
  const all = [from(1, "elsewhere"), from(2, "d1"), from(3, "d2")];
  assert.deepEqual(ancestors(all[2]!, all), [all[1], all[0], "elsewhere"]);
  assert.deepEqual(ancestors(from(4, "d4"), []), []);
});

test("a release is compared with its parent, else with the one before it", () => {
  const all = [release(1), release(2), release(3)];
  assert.equal(companion(all[2]!, all), all[1]);
  assert.equal(companion(release(3, { lineage: { ...release(3).lineage, parent: "d1" } }), all), all[0]);
  assert.equal(companion(all[0]!, [all[0]!]), undefined);
});
