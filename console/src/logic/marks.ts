// Which family of lines is in question, and where its harmonics are expected.
import type { Mark } from "./types.ts";

const kFamily: Record<string, string> = {
  outer_race: "bpfo",
  inner_race: "bpfi",
  ball: "bsf",
  cage: "ftf",
  unbalance: "1x",
  misalignment: "1x",
  looseness: "1x",
};

export type MarkShape = "triangle" | "diamond" | "circle" | "square" | "bar";

export function markShape(name: string): MarkShape {
  const low = name.toLowerCase();
  if (low.includes("bpfi")) return "diamond";
  if (low.includes("bsf")) return "circle";
  if (low.includes("ftf")) return "square";
  if (low.includes("bpfo")) return "triangle";
  return "bar";
}

/** The mark that the alarm's fault speaks of, otherwise the one that stands out most. */
export function family(marks: readonly Mark[], fault: string | null | undefined): Mark | null {
  const word = fault ? kFamily[fault] : undefined;
  const named = word ? marks.find((mark) => mark.name.toLowerCase().includes(word)) : undefined;
  if (named) return named;
  const loudest = [...marks].sort((a, b) => (b.times_baseline ?? 0) - (a.times_baseline ?? 0))[0];
  return loudest && (loudest.times_baseline ?? 0) >= 2 && loudest.found_hz ? loudest : null;
}

export interface Harmonic {
  order: number;
  from: number;
  to: number;
  at: number;
}

const kSlip = 0.02;
/** Expected places up to `limitHz`, each with its 2 % slip band; drawn at what was found where something was. */
export function harmonics(mark: Mark, limitHz: number, most = 5): Harmonic[] {
  const base = mark.found_hz || mark.expected_hz;
  const expected = mark.expected_hz ?? base;
  if (!base || !expected) return [];
  const out: Harmonic[] = [];
  for (let order = 1; order <= most && order * expected <= limitHz; order += 1)
    out.push({ order, at: order * base, from: order * expected * (1 - kSlip), to: order * expected * (1 + kSlip) });
  return out;
}
