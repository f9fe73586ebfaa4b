// Schedules and maintenance windows, between what somebody types and what the hub takes. The hub checks it again.
import { plural } from "./format.ts";
import type { MaintenanceWindow, Member, Schedule, ScheduleOutcome, Weekday } from "./rollout_types.ts";

const kDays: readonly Weekday[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const kTime = /^(?:[01]\d|2[0-4]):[0-5]\d$/;

const capital = (day: string): string => day.charAt(0).toUpperCase() + day.slice(1);

/** "Sat, Sun 22:00-04:00; Wed 12:00-13:00"; "" for a site that takes what comes at any time. */
export const windowsText = (windows: readonly MaintenanceWindow[]): string =>
  windows.map((one) => `${one.days.map(capital).join(", ")} ${one.from}-${one.to}`).join("; ");

/** The same, read back; a text says what is wrong with which part. */
export function readWindows(text: string): MaintenanceWindow[] | string {
  const windows: MaintenanceWindow[] = [];
  for (const part of text.split(";").map((one) => one.trim()).filter(Boolean)) {
    const [, names = "", from = "", to = ""] = /^(.*?)\s*(\d\d:\d\d)\s*(?:-|–|to)\s*(\d\d:\d\d)$/i.exec(part) ?? [];
    const days = names.toLowerCase().split(/[,\s]+/).filter(Boolean).map((name) => kDays.find((day) => name.startsWith(day)));
    if (days.length === 0 || days.some((day) => day === undefined) || !kTime.test(from) || !kTime.test(to) || from === to)
      return `“${part}” is no window such as Sat, Sun 22:00-04:00`;
    windows.push({ days: [...new Set(days as Weekday[])], from, to });
  }
  return windows;
}

export const kOutcomeWords: Record<ScheduleOutcome, string> = {
  none: "not due yet",
  started: "started",
  nothing_new: "nothing new",
  stopped: "held back",
  waits: "waits",
  failed: "could not look",
};

export const everyWords = (one: Pick<Schedule, "every_days" | "at" | "zone">): string => `every ${plural(one.every_days, "day")} at ${one.at}, ${one.zone}`;

export interface Reach {
  site: string;
  gateways: number;
  from: number;
  to: number;
}

/** Of a plan: when each site's gateways are offered it, the first first. */
export function reachOf(members: readonly Member[]): Reach[] {
  const sites = new Map<string, Reach>();
  for (const { site, offered_from_ms: at } of members) {
    if (at === null || at === undefined) continue;
    const known = sites.get(site);
    sites.set(site, { site, gateways: (known?.gateways ?? 0) + 1, from: Math.min(at, known?.from ?? at), to: Math.max(at, known?.to ?? at) });
  }
  return [...sites.values()].sort((a, b) => a.from - b.from || (a.site < b.site ? -1 : 1));
}
