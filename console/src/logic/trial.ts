// The evidence of trials as curves: what gateways told, placed in a box. No limit is worked out here: gateways tell theirs.
import { count } from "./format.ts";
import type { DeviceTrial, TrialPoint } from "./rollout_types.ts";

export interface Curve {
  device: string;
  phase: TrialPoint["phase"];
  /** "x,y x,y": of an SVG polyline. */
  points: string;
}

export interface TrialPicture {
  curves: Curve[];
  windows: number;
  /** Height of the lowest limit, and of an e-value of 1: no evidence either way. */
  limitY: number;
  oneY: number;
}

/** Probation goes on where shadow ended. null: nothing was told yet. */
export function trialPicture(trials: readonly DeviceTrial[], width: number, height: number): TrialPicture | null {
  const placed = trials.flatMap(({ device, points }) => {
    const shadow = points.filter((one) => one.phase === "shadow");
    const probation = points.filter((one) => one.phase === "probation");
    const before = shadow.at(-1)?.windows ?? 0;
    return [
      { device, phase: "shadow" as const, points: shadow.map((one) => ({ ...one, x: one.windows })) },
      { device, phase: "probation" as const, points: probation.map((one) => ({ ...one, x: before + one.windows })) },
    ];
  });
  const all = placed.flatMap((one) => one.points);
  if (all.length === 0) return null;
  const windows = Math.max(...all.map((one) => one.x));
  const limit = Math.min(...all.map((one) => one.log10_limit));
  const top = 1.1 * Math.max(limit, ...all.map((one) => one.log10_e));
  const bottom = Math.min(-0.5, ...all.map((one) => Math.max(one.log10_e, -limit)));
  const y = (log10: number) => Math.round((10 * height * (top - Math.max(log10, bottom))) / (top - bottom)) / 10;
  const x = (at: number) => Math.round((10 * width * at) / windows) / 10;
  const curves = placed
    .filter((one) => one.points.length > 0)
    .map(({ device, phase, points }) => ({ device, phase, points: points.map((one) => `${x(one.x)},${y(one.log10_e)}`).join(" ") }));
  return { curves, windows, limitY: y(limit), oneY: y(0) };
}

/** 10^log10 as people read it: "0.03", "2.5", "4,000". */
export function eValue(log10: number): string {
  const value = 10 ** Math.min(log10, 12);
  if (value >= 100) return count(Number(value.toPrecision(2)));
  return value >= 10 ? value.toFixed(0) : value >= 0.1 ? value.toFixed(1) : value >= 0.001 ? value.toPrecision(1) : "under 0.001";
}

export function changeWords(change: number): string {
  const text = Math.abs(change).toFixed(3);
  return text === "0.000" ? "no change" : `${change < 0 ? "−" : "+"}${text}`;
}
