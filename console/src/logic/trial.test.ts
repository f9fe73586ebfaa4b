import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeviceTrial } from "./rollout_types.ts";
import { changeWords, eValue, trialPicture } from "./trial.ts";

const point = (phase: "shadow" | "probation", windows: number, log10_e: number) => ({ phase, windows, at_ms: 0, confidence_change: 0, log10_e, log10_limit: 4 });
const trial = (...points: DeviceTrial["points"]): DeviceTrial => ({ device: "a-01", points });

test("nothing told is no picture", () => {
  assert.equal(trialPicture([], 100, 50), null);
  assert.equal(trialPicture([trial()], 100, 50), null);
});

test("probation goes on where shadow ended, and the limit lies above what is below it", () => {
  const picture = trialPicture([trial(point("shadow", 50, 0), point("shadow", 100, -0.2), point("probation", 100, 1))], 100, 50);
  assert.ok(picture);
  assert.equal(picture.windows, 200);
  assert.deepEqual(picture.curves.map((one) => one.phase), ["shadow", "probation"]);
  assert.equal(picture.curves[0]?.points.split(" ")[0], `25,${picture.oneY}`);
  assert.ok(picture.curves[1]?.points.startsWith("100,"));
  assert.ok(picture.limitY < picture.oneY && picture.limitY > 0 && picture.oneY < 50);
});

test("a curve stays in its box, however strong the evidence either way", () => {
  const picture = trialPicture([trial(point("shadow", 10, -300), point("shadow", 20, 9))], 100, 50);
  for (const pair of picture?.curves[0]?.points.split(" ") ?? assert.fail()) {
    const [x, y] = pair.split(",").map(Number);
    assert.ok(x! >= 0 && x! <= 100 && y! >= 0 && y! <= 50, pair);
  }
});

test("e-values and changes are told as people read them", () => {
  assert.deepEqual([-9, -1.5, 0, 0.4, 1.2, 3.602].map(eValue), ["under 0.001", "0.03", "1.0", "2.5", "16", "4,000"]);
  assert.deepEqual([0.0001, -0.0123, 0.2].map(changeWords), ["no change", "−0.012", "+0.200"]);
});
