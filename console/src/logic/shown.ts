// What a tile may claim. The hub decides what each machine shows; the console only ever makes it less certain, never
// more: without the hub, nothing is known to be current.
import type { Level, Machine, Shown } from "./types.ts";

/** Worst first: the order of every list that says "worst first". */
export const kOrder: readonly Shown[] = ["act", "warning", "watch", "unknown", "learning", "shelved", "stopped", "healthy"];
/** The order of the counts on the board. */
export const kCountOrder: readonly Shown[] = ["act", "warning", "watch", "healthy", "learning", "stopped", "shelved", "unknown"];

export const kWords: Record<Shown, string> = {
  act: "Act now",
  warning: "Warning",
  watch: "Watch",
  healthy: "Healthy",
  learning: "Learning",
  stopped: "Stopped",
  shelved: "Shelved",
  unknown: "Unknown",
};

export interface View {
  /** The state to show. */
  shown: Shown;
  /** What was last known of it, where that is not now. */
  was: Shown | null;
  /** Nothing on the tile is current. */
  stale: boolean;
}

/** `connected`: the browser hears the hub now. */
export function view(machine: Machine, connected: boolean): View {
  const known = machine.shown in kWords ? machine.shown : "unknown";
  if (!connected) {
    const last = known === "unknown" ? machine.was : known;
    return { shown: "unknown", was: last === "unknown" ? null : last, stale: true };
  }
  // A hub that says "healthy" and "not current" at once is contradicting itself; the worse of the two holds.
  if (!machine.current) return { shown: "unknown", was: known === "unknown" ? machine.was : known, stale: true };
  return { shown: known, was: known === "unknown" ? machine.was : null, stale: false };
}

export const levelShown = (level: Level): Shown => (level === "none" ? "healthy" : level);

export function tally(views: Iterable<View>): Record<Shown, number> {
  const counts: Record<Shown, number> = {
    act: 0, warning: 0, watch: 0, healthy: 0, learning: 0, stopped: 0, shelved: 0, unknown: 0,
  };
  for (const one of views) counts[one.shown] += 1;
  return counts;
}

const rank = new Map(kOrder.map((shown, index) => [shown, index]));
export const severity = (shown: Shown): number => rank.get(shown) ?? kOrder.length;
