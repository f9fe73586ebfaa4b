import assert from "node:assert/strict";
import { test } from "node:test";
import { kOrder, tally, view } from "./shown.ts";
import { machine } from "./fixture.ts";
import type { Shown } from "./types.ts";

test("what the hub says is shown while the hub is heard", () => {
  for (const shown of kOrder) if (shown !== "unknown") assert.equal(view(machine({ shown }), true).shown, shown);
});

test("without the hub every machine is unknown, and keeps what it was", () => {
  for (const shown of kOrder) {
    const seen = view(machine({ shown }), false);
    assert.equal(seen.shown, "unknown");
    assert.equal(seen.stale, true);
    assert.equal(seen.was, shown === "unknown" ? null : shown);
  }
});

test("a machine that is not current is never shown healthy, whatever else is said of it", () => {
  for (const shown of kOrder)
    for (const was of [null, ...kOrder])
      for (const connected of [true, false]) assert.equal(view(machine({ shown, was, current: false }), connected).shown, "unknown");
});

test("a state that a newer hub invents counts as unknown", () => {
  assert.equal(view(machine({ shown: "splendid" as Shown }), true).shown, "unknown");
});

test("counts are of what is shown", () => {
  const counts = tally([view(machine(), true), view(machine(), false), view(machine({ shown: "act" }), true)]);
  assert.equal(counts.healthy, 1);
  assert.equal(counts.unknown, 1);
  assert.equal(counts.act, 1);
});
