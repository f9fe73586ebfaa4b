import assert from "node:assert/strict";
import { test } from "node:test";
import { family, harmonics } from "./marks.ts";
import { alarmHref, machineHref, parseRoute } from "./route.ts";
import { search, type Item } from "./search.ts";
import { line } from "./spark.ts";
import { trend } from "./trend.ts";

test("addresses come back as they were, whatever an id holds", () => {
  assert.deepEqual(parseRoute(machineHref("a/b", "P 1#2")), { screen: "machine", site: "a/b", asset: "P 1#2" });
  assert.deepEqual(parseRoute(alarmHref("x.y/1")), { screen: "alarms", id: "x.y/1" });
  assert.deepEqual(parseRoute("#/%E0%A4%A"), { screen: "board" }, "a broken escape is no crash");
  assert.deepEqual(parseRoute(""), { screen: "board" });
});

test("the palette wants every word and prefers beginnings", () => {
  const item = (label: string): Item => ({ id: label, group: "Machine", label, detail: "alder", run: () => undefined });
  const items = [item("GB-102 Gearbox"), item("P-102 Cooling pump 2"), item("P-103 Cooling pump 3")];
  assert.deepEqual(search(items, "cool 102", 9).map((one) => one.id), ["P-102 Cooling pump 2"]);
  assert.equal(search(items, "p-1", 9)[0]?.id, "P-102 Cooling pump 2");
  assert.equal(search(items, "", 2).length, 2);
});

test("a sparkline breaks at a gap and ends where the data end", () => {
  const long = [0, 1, null, 0.5, ...Array.from({ length: 47 }, () => null)];
  assert.equal(line(long).path, "M0 100L2 0M6 50");
  assert.deepEqual(line(long).end, { x: 6, y: 50 });
  assert.deepEqual(line([0.2, 0.5]).end, { x: 100, y: 50 }, "a young machine's line ends at the right");
  assert.equal(line([]).end, null);
});

test("the family in question is the fault's own, otherwise what stands out", () => {
  const marks = [
    { name: "BPFO", expected_hz: 88.5, found_hz: 88.1, times_baseline: 1.5 },
    { name: "1x", expected_hz: 24.7, found_hz: 24.6, times_baseline: 4 },
  ];
  assert.equal(family(marks, "outer_race")?.name, "BPFO");
  assert.equal(family(marks, null)?.name, "1x");
  assert.equal(family([{ name: "FTF", expected_hz: 9, found_hz: 0, times_baseline: 9 }], null), null);
  assert.deepEqual(harmonics(marks[0]!, 200).map((one) => one.order), [1, 2]);
});

test("a trend is told only where there is one", () => {
  assert.equal(trend([0, 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]), "rising");
  assert.equal(trend([0.5, 0.5, 0.5, 0.5]), "steady");
  assert.equal(trend([0.1]), "");
});
