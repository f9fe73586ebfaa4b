// What stands where in the inbox, and in which words. The hub decides what a verdict is worth; this only sorts.
import type { Alarm, Verdict } from "./types.ts";

export type InboxView = "judge" | "shelved" | "judged" | "opinion" | "all";
export const kViews: readonly { view: InboxView; label: string }[] = [
  { view: "judge", label: "To judge" },
  { view: "shelved", label: "Shelved" },
  { view: "judged", label: "Judged today" },
  { view: "opinion", label: "Second opinion" },
  { view: "all", label: "All" },
];

const kDayMs = 86_400_000;

const shelvedNow = (alarm: Alarm, now: number): boolean =>
  alarm.shelved != null && (alarm.shelved.until_ms === null || alarm.shelved.until_ms > now);

/** `handled`: a verdict of this browser is on its way, or waits for the hub. */
export function inView(alarm: Alarm, view: InboxView, now: number, handled = false): boolean {
  const judged = alarm.verdict != null || handled;
  if (view === "all") return true;
  if (view === "judged") return alarm.verdict != null && alarm.verdict.at_ms > now - kDayMs;
  if (view === "opinion") return alarm.asked != null;
  if (view === "shelved") return !judged && shelvedNow(alarm, now);
  return !judged && alarm.asked == null && !shelvedNow(alarm, now);
}

export interface Group {
  lead: Alarm;
  ids: string[];
}

/** Alarms of one cause are one row, led by the first of the list; what has no cause stands alone. */
export function groups(list: readonly Alarm[]): Group[] {
  const out: Group[] = [];
  const byCause = new Map<string, Group>();
  for (const alarm of list) {
    const cause = alarm.cause_id ? `${alarm.site} ${alarm.cause_id}` : null;
    const known = cause === null ? undefined : byCause.get(cause);
    if (known) {
      known.ids.push(alarm.id);
      continue;
    }
    const group = { lead: alarm, ids: [alarm.id] };
    out.push(group);
    if (cause !== null) byCause.set(cause, group);
  }
  return out;
}

/** "Confirmed: outer race", "Rejected: process change", "Not checked". */
export function verdictWords(verdict: Pick<Verdict, "state" | "fault_name" | "reason_words">): string {
  const because = (words: string) => (words ? `: ${words.toLowerCase()}` : "");
  if (verdict.state === "TRUE_POSITIVE") return `Confirmed${because(verdict.fault_name)}`;
  if (verdict.state === "UNKNOWN" && !verdict.reason_words) return "Not checked";
  return `Rejected${because(verdict.reason_words)}`;
}

export const verdictShape = (verdict: Pick<Verdict, "state" | "reason_words">): "yes" | "no" | "open" =>
  verdict.state === "TRUE_POSITIVE" ? "yes" : verdict.state === "UNKNOWN" && !verdict.reason_words ? "open" : "no";

/** What comes after a row that was just judged: the one below it, or the last above. */
export function after(rows: readonly string[], id: string, stays: (id: string) => boolean): string | null {
  const at = rows.indexOf(id);
  return rows.slice(at + 1).find(stays) ?? rows.slice(0, Math.max(0, at)).findLast(stays) ?? null;
}
