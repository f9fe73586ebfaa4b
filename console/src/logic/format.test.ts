import assert from "node:assert/strict";
import { test } from "node:test";
import { absolute, age, ageWhole, clock, featureName, number, quantity, score, span, unit, when } from "./format.ts";

const kHour = 3_600_000;

test("ages have one unit and are rounded down", () => {
  const rows: [number, string][] = [
    [-5, "0.0 s"], [440, "0.4 s"], [9_999, "9.9 s"], [12_345, "12 s"], [59_999, "59 s"], [60_000, "1 min"], [41.9 * 60_000, "41 min"],
    [6.9 * kHour, "6 h"], [47 * kHour, "47 h"], [11.5 * 24 * kHour, "11 days"],
  ];
  for (const [ms, want] of rows) assert.equal(age(ms), want);
  assert.equal(ageWhole(4_900), "4 s");
});

test("measured spans have two units where that says more", () => {
  assert.equal(span(173 * 60_000), "2 h 53 min");
  assert.equal(span(31 * kHour), "31 h");
  assert.equal(span(30_000), "30 s");
});

test("numbers carry as many figures as a gauge", () => {
  const rows: [number, string][] = [[7.42, "7.4"], [91, "91"], [91.26, "91.3"], [1482, "1,482"], [0.052, "0.05"], [0, "0.0"], [-3.14, "-3.1"]];
  for (const [value, want] of rows) assert.equal(number(value), want);
  assert.equal(number(Number.NaN), "–");
  assert.equal(score(0.9351), "0.94");
  assert.equal(score(null), "–");
});

test("units are written as people write them", () => {
  assert.equal(unit("m/s2"), "m/s²");
  assert.equal(quantity(91, "C"), "91 °C");
  assert.equal(quantity(null, "C"), "");
});

test("absolute times name their zone", () => {
  const at = Date.UTC(2026, 10, 17, 13, 32, 8);
  assert.match(absolute(at), /17 Nov 2026.*14:32:08.*(CET|GMT\+1)/);
  assert.equal(clock(at), "14:32");
  assert.equal(when(at, at + kHour), "14:32");
  assert.equal(when(at, at + 50 * kHour), "17 Nov");
});

test("feature names become words", () => {
  assert.equal(featureName("vib.velocity_rms"), "Vibration, velocity RMS");
  assert.equal(featureName("vib.envelope_bpfo"), "Vibration, envelope BPFO");
  assert.equal(featureName("vib.envelope_bsf2"), "Vibration, envelope 2xBSF");
  assert.equal(featureName("temperature_de"), "Temperature de");
});
