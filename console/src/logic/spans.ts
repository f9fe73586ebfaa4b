// From buckets to spans of time: where the machine stood, where nothing was heard, which level held.
import { kWords } from "./shown.ts";
import type { Level, MachineState, Series, Shown } from "./types.ts";

export interface Span<T> {
  from: number;
  to: number;
  value: T;
}

/** Silence shorter than this is the rhythm of the telemetry, not a gap. */
export const silenceMs = (bucketMs: number): number => Math.max(3 * bucketMs, 6_000);

/** Runs of equal values; nulls that are shorter than `bridgeMs` belong to the run before. */
export function runs<T>(t: readonly number[], values: readonly (T | null)[], bucketMs: number, bridgeMs: number): Span<T>[] {
  const out: Span<T>[] = [];
  let last: Span<T> | null = null;
  values.forEach((value, index) => {
    const from = t[index];
    if (value === null || value === undefined || from === undefined) return;
    if (last && last.value === value && from - last.to <= bridgeMs) last.to = from + bucketMs;
    else {
      if (last && from - last.to <= bridgeMs) last.to = from;
      last = { from, to: from + bucketMs, value };
      out.push(last);
    }
  });
  return out;
}

export interface RibbonPart extends Span<Shown> {
  label: string;
}

const kLevelShown: Record<Level, Shown> = { none: "healthy", watch: "watch", warning: "warning", act: "act" };

function shownOf(state: MachineState | null, level: Level | null): Shown | null {
  if (state === null || state === undefined) return null;
  if (state === "running") return kLevelShown[level ?? "none"] ?? "healthy";
  if (state === "out_of_service") return "shelved";
  return state;
}

/** The ribbon under the score: what the board would have shown then. */
export function ribbon(data: Series): RibbonPart[] {
  const shown = data.t_ms.map((_, index) => shownOf(data.state[index] ?? null, data.level[index] ?? null));
  return runs(data.t_ms, shown, data.bucket_ms, silenceMs(data.bucket_ms)).map((part) => ({ ...part, label: kWords[part.value] }));
}

export const stoppedSpans = (parts: readonly RibbonPart[]): Span<Shown>[] => parts.filter((part) => part.value === "stopped");

/** The latest value at or before `at`; null in a gap. */
export function valueAt(t: readonly number[], values: readonly (number | null)[], index: number, reachMs: number): number | null {
  const from = t[index];
  for (let back = index; back >= 0; back -= 1) {
    const time = t[back];
    if (from === undefined || time === undefined || from - time > reachMs) return null;
    const value = values[back];
    if (value !== null && value !== undefined) return value;
  }
  return null;
}

const kCauses: Record<string, string> = {
  not_received: "not received",
  agent_down: "gateway was down",
  dropped_overload: "dropped, overload",
  evicted: "evicted from the gateway's queue",
  sensor_stuck: "sensor stuck",
  hub_restored: "lost, hub restored from a backup",
};
export const causeWords = (cause: string): string => kCauses[cause] ?? cause.replace(/_/g, " ");

/** Overlapping gaps of several channels as one: a person asks when, not how often. */
export function mergeGaps(gaps: Series["gaps"]): Series["gaps"] {
  const out: Series["gaps"] = [];
  for (const gap of [...gaps].sort((a, b) => a.from_ms - b.from_ms)) {
    const last = out[out.length - 1];
    if (last && gap.from_ms <= last.to_ms) {
      last.to_ms = Math.max(last.to_ms, gap.to_ms);
      if (!last.cause.includes(gap.cause)) last.cause = `${last.cause}, ${gap.cause}`;
    } else out.push({ ...gap });
  }
  return out;
}
