// Which machines a filter lets through, and the words on a tile. Pure, so that tests can hold them to UI.md.
import { clock, span } from "./format.ts";
import { kWords, severity, type View } from "./shown.ts";
import type { Machine, Shown } from "./types.ts";

export interface Filter {
  shown: Shown | null;
  text: string;
}

export const isFiltered = (filter: Filter): boolean => filter.shown !== null || filter.text.trim() !== "";

export function passes(machine: Machine, view: View, filter: Filter): boolean {
  if (filter.shown !== null && view.shown !== filter.shown) return false;
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const text = [machine.asset, machine.name, machine.site, machine.area, machine.device, machine.fault_name || "", kWords[view.shown]]
    .join(" ")
    .toLowerCase();
  return words.every((word) => text.includes(word));
}

const faultWord = (machine: Machine): string => (machine.fault_name || machine.fault || "").replace(/_/g, " ");
const isAlarm = (shown: Shown | null): boolean => shown === "act" || shown === "warning" || shown === "watch";

/** "Warning · misalignment": the state in words, with what is known beside it. */
export function stateWords(machine: Machine, shown: Shown): string {
  if (isAlarm(shown)) {
    const fault = faultWord(machine).toLowerCase();
    return fault && fault !== "healthy" ? `${kWords[shown]} · ${fault}` : kWords[shown];
  }
  if (shown === "learning" && machine.learning_left_s !== null && machine.learning_left_s > 0)
    return `Learning, ${span(machine.learning_left_s * 1000)} left`;
  if (shown === "shelved" && machine.state === "out_of_service") return "Out of service";
  return kWords[shown];
}

export interface TileWords {
  /** What was known before, as a shape; null where the tile's own state says it all. */
  was: Shown | null;
  text: string;
  /** Heavy words: a person should read them. */
  strong: boolean;
}

/** Silent this much longer than its plant: it was unknown before the link was lost. */
const kSilentBeforeMs = 60_000;

/**
 * The third line of a tile. `lostMs`: since when the whole plant, or the hub itself, is not heard; null where it is.
 */
export function tileWords(machine: Machine, view: View, lostMs: number | null): TileWords {
  const lost = lostMs !== null && (machine.last_data_ms === null || machine.last_data_ms > lostMs - kSilentBeforeMs);
  if (view.shown !== "unknown") return { was: null, text: stateWords(machine, view.shown), strong: isAlarm(view.shown) };
  if (lost && view.was !== null) {
    const words = view.was === "learning" ? kWords.learning : stateWords(machine, view.was);
    return { was: view.was, text: `Was ${words.charAt(0).toLowerCase()}${words.slice(1)}`, strong: isAlarm(view.was) };
  }
  const since = machine.last_data_ms ?? machine.since_ms;
  return { was: null, text: since === null ? "Unknown, never heard" : `Unknown, since ${clock(since)}`, strong: true };
}

/** For a reader of screens and for hovering: all that the tile says. */
export function tileLabel(machine: Machine, view: View, lostMs: number | null, value: string): string {
  const words = tileWords(machine, view, lostMs);
  const was = words.was === null ? "" : "Unknown. ";
  return `${machine.asset} ${machine.name}: ${was}${words.text}${value ? `, ${value}` : ""}`;
}

export interface Seen {
  machine: Machine;
  view: View;
}

export const bySeverity = (a: Seen, b: Seen): number =>
  severity(a.view.shown) - severity(b.view.shown) || (a.machine.asset < b.machine.asset ? -1 : 1);
