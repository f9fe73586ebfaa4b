import assert from "node:assert/strict";
import { test } from "node:test";
import { mergeGaps, ribbon, runs, valueAt } from "./spans.ts";
import type { Series } from "./types.ts";

const t = [0, 1000, 2000, 3000, 4000, 5000];

test("equal values are one run; a short silence belongs to it", () => {
  assert.deepEqual(runs(t, ["a", null, "a", "b", "b", "b"], 1000, 1500), [
    { from: 0, to: 3000, value: "a" },
    { from: 3000, to: 6000, value: "b" },
  ]);
});

test("a long silence is in no run", () => {
  const found = runs(t, ["a", null, null, null, "a", "a"], 1000, 1500);
  assert.deepEqual(found.map((one) => [one.from, one.to]), [[0, 1000], [4000, 6000]]);
});

test("the ribbon shows a level only while the machine runs", () => {
  const minute = 60_000;
  const data: Series = {
    from_ms: 0, to_ms: 4 * minute, bucket_ms: minute, t_ms: [0, minute, 2 * minute, 3 * minute], series: [], gaps: [],
    state: ["running", "stopped", "running", "unknown"], level: ["none", "act", "act", "act"],
  };
  assert.deepEqual(ribbon(data).map((part) => part.value), ["healthy", "stopped", "act", "unknown"]);
});

test("a value is read back only as far as the line is drawn", () => {
  assert.equal(valueAt(t, [1, null, null, 4, null, null], 5, 2500), 4);
  assert.equal(valueAt(t, [1, null, null, null, null, null], 5, 2500), null);
});

test("gaps of several channels become one", () => {
  const merged = mergeGaps([
    { from_ms: 10, to_ms: 30, cause: "evicted" },
    { from_ms: 0, to_ms: 20, cause: "agent_down" },
    { from_ms: 50, to_ms: 60, cause: "evicted" },
  ]);
  assert.deepEqual(merged, [
    { from_ms: 0, to_ms: 30, cause: "agent_down, evicted" },
    { from_ms: 50, to_ms: 60, cause: "evicted" },
  ]);
});
