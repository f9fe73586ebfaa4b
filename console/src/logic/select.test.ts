import assert from "node:assert/strict";
import { test } from "node:test";
import { passes, stateWords, tileLabel, tileWords } from "./select.ts";
import { machine } from "./fixture.ts";
import { view } from "./shown.ts";

const kNow = Date.UTC(2026, 10, 17, 13, 32);

test("a tile says state and fault", () => {
  const one = machine({ shown: "warning", level: "warning", fault: "misalignment", fault_name: "Misalignment" });
  assert.equal(tileWords(one, view(one, true), null).text, "Warning · misalignment");
  assert.equal(stateWords(machine({ learning_left_s: 31 * 3600 }), "learning"), "Learning, 31 h left");
});

test("a machine that alone fell silent says since when", () => {
  const one = machine({ shown: "unknown", current: false, was: "healthy", last_data_ms: kNow });
  assert.deepEqual(tileWords(one, view(one, true), null), { was: null, text: "Unknown, since 14:32", strong: true });
});

test("in a lost plant a tile says what was, and never says healthy without was", () => {
  const one = machine({ shown: "unknown", current: false, was: "healthy", last_data_ms: kNow });
  const words = tileWords(one, view(one, true), kNow);
  assert.deepEqual(words, { was: "healthy", text: "Was healthy", strong: false });
  assert.equal(tileLabel(one, view(one, true), kNow, "2.0 mm/s"), "P-1 Pump: Unknown. Was healthy, 2.0 mm/s");
});

test("what was silent before the link was lost stays unknown", () => {
  const one = machine({ shown: "unknown", current: false, was: "healthy", last_data_ms: kNow - 41 * 60_000 });
  assert.equal(tileWords(one, view(one, true), kNow).text, "Unknown, since 13:51");
});

test("a filter takes every word, and the state that is shown", () => {
  const one = machine({ asset: "P-102", name: "Cooling pump 2" });
  const seen = view(one, true);
  assert.ok(passes(one, seen, { shown: null, text: "cool 102" }));
  assert.ok(!passes(one, seen, { shown: null, text: "cool 103" }));
  assert.ok(passes(one, seen, { shown: "healthy", text: "" }));
  assert.ok(!passes(one, view(one, false), { shown: "healthy", text: "" }), "not healthy once the hub is not heard");
});
