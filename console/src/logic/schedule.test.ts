import assert from "node:assert/strict";
import { test } from "node:test";
import type { Member } from "./rollout_types.ts";
import { everyWords, reachOf, readWindows, windowsText } from "./schedule.ts";

test("windows are read as they are written", () => {
  const windows = readWindows("Sat, Sun 22:00-04:00; wednesday 12:00 to 24:00");
  assert.deepEqual(windows, [
    { days: ["sat", "sun"], from: "22:00", to: "04:00" },
    { days: ["wed"], from: "12:00", to: "24:00" },
  ]);
  assert.equal(windowsText(windows as never), "Sat, Sun 22:00-04:00; Wed 12:00-24:00");
  assert.deepEqual(readWindows(" "), []);
});

test("what is no window is named", () => {
  for (const text of ["Sat", "22:00-04:00", "Som 22:00-04:00", "Sat 25:00-04:00", "Sat 22:00-22:00"]) {
    const read = readWindows(`Sun 01:00-02:00; ${text}`);
    assert.equal(typeof read, "string");
    assert.match(read as string, new RegExp(`^“${text}” is no window`));
  }
});

test("a plan tells when each site is reached, the first first", () => {
  const member = (site: string, offered_from_ms: number | null) => ({ site, offered_from_ms }) as Member;
  assert.deepEqual(reachOf([member("birch", 30), member("alder", 10), member("birch", 20), member("cedar", null)]), [
    { site: "alder", gateways: 1, from: 10, to: 10 },
    { site: "birch", gateways: 2, from: 20, to: 30 },
  ]);
});

test("how often, in words", () => {
  assert.equal(everyWords({ every_days: 1, at: "02:30", zone: "UTC" }), "every 1 day at 02:30, UTC");
  assert.equal(everyWords({ every_days: 30, at: "22:00", zone: "Europe/Berlin" }), "every 30 days at 22:00, Europe/Berlin");
});
