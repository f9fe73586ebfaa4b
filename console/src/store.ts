// What the console knows, as signals. One writer (live.ts); screens only read.
//
// Live changes are gathered and applied at most once a second, all at once: values change in place, together.
import { batch, computed, signal, type Signal } from "@preact/signals";
import { needPerson } from "./logic/rollout.ts";
import type { Rollout, RolloutDetail } from "./logic/rollout_types.ts";
import type { Alarm, Board, Device, Inbox, Machine, Me, Site } from "./logic/types.ts";
import { inView } from "./logic/inbox.ts";
import { severity, tally, view, type View } from "./logic/shown.ts";

export interface Plant extends Omit<Site, "areas"> {
  areas: { area: string; name: string; keys: string[] }[];
}

export const machineKey = (site: string, asset: string): string => `${site}/${asset}`;

/** The hub's clock minus the browser's: ages are told by the hub's clock, however wrong the browser's is. */
const skewMs = signal(0);
/** Ticks once a second; read it to re-render ages. */
export const nowMs = signal(Date.now());
export const hubNow = (): number => Date.now() + skewMs.peek();

export const connected = signal(false);
/** When the hub was last heard, in hub time; null before the first time. */
export const heardMs = signal<number | null>(null);
export const lastDataMs = signal<number | null>(null);

export const plants = signal<Plant[] | null>(null);
export const boardError = signal<Error | null>(null);
export const alarms = signal<ReadonlyMap<string, Alarm>>(new Map());
/** Open alarms on the hub at the last reading of the board: more than are listed where there are very many. */
export const openTotal = signal(0);
/** Counts and figures of the inbox, as the hub told them last; null where it never has. */
export const inbox = signal<Omit<Inbox, "alarms" | "view" | "now_ms"> | null>(null);
export const me = signal<Me | null>(null);
export const devices = signal<ReadonlyMap<string, Device> | null>(null);
/** Each machine is a signal of its own, so that a change touches one tile. */
export const machines = new Map<string, Signal<Machine>>();
/** Changes with any machine: for counts and filters. */
export const revision = signal(0);

/** Null until they were read. */
export const rollouts = signal<readonly Rollout[] | null>(null);
export const rolloutsError = signal<Error | null>(null);
/** Changes with any rollout: whoever shows one reads it again. */
export const rolloutRevision = signal(0);
export const rolloutsInNeed = computed(() => needPerson(rollouts.value ?? []));

export const viewOf = (machine: Machine): View => view(machine, connected.value);
export const allViews = computed(() => {
  revision.value;
  return [...machines.values()].map((one) => ({ machine: one.value, view: viewOf(one.value) }));
});
export const counts = computed(() => tally(allViews.value.map((one) => one.view)));
export const lostPlants = computed(() => (plants.value ?? []).filter((plant) => plant.link === "lost"));
export const gatewayCounts = computed(() => {
  const all = plants.value ?? [];
  return {
    total: all.reduce((sum, plant) => sum + plant.gateways, 0),
    online: connected.value ? all.reduce((sum, plant) => sum + plant.gateways_online, 0) : 0,
  };
});

/** Since when a plant is not heard here, by its link or by the hub's; null where it is. */
export function lostSince(plant: Plant): number | null {
  if (plant.link === "lost") return plant.link_since_ms ?? nowMs.peek();
  return connected.value ? null : (heardMs.value ?? nowMs.peek());
}

export const openAlarms = computed(() =>
  [...alarms.value.values()].filter((alarm) => alarm.state === "open").sort(worstFirst),
);

export function worstFirst(a: Alarm, b: Alarm): number {
  const rank = (alarm: Alarm) => severity(alarm.level === "none" ? "healthy" : alarm.level);
  return rank(a) - rank(b) || b.raised_ms - a.raised_ms || (a.id < b.id ? -1 : 1);
}

export function setClock(now: number): void {
  skewMs.value = now - Date.now();
  nowMs.value = now;
}

export function setBoard(board: Board): void {
  batch(() => {
    setClock(board.now_ms);
    lastDataMs.value = board.last_data_ms;
    boardError.value = null;
    const seen = new Set<string>();
    plants.value = board.sites.map((site) => ({
      ...site,
      areas: site.areas.map((area) => ({
        area: area.area,
        name: area.name,
        keys: area.machines.map((machine) => {
          const key = machineKey(machine.site, machine.asset);
          seen.add(key);
          putMachine(key, machine);
          return key;
        }),
      })),
    }));
    for (const key of machines.keys()) if (!seen.has(key)) machines.delete(key);
    // What is open is what the board says is open, where it lists them all. A row that somebody looks at stays drawable.
    const complete = board.alarms.length >= board.open_alarms;
    const next = new Map(alarms.peek());
    const open = new Set(board.alarms.map((alarm) => alarm.id));
    for (const [id, alarm] of next)
      if (complete && alarm.state === "open" && !open.has(id)) next.set(id, { ...alarm, state: "cleared" });
    for (const alarm of board.alarms) next.set(alarm.id, alarm);
    openTotal.value = Math.max(board.open_alarms, board.alarms.length);
    alarms.value = next;
    revision.value += 1;
  });
}

/** False where the board does not know the machine yet: then it must be read again. */
export function putMachines(list: Iterable<Machine>): boolean {
  let known = true;
  batch(() => {
    for (const machine of list) {
      const key = machineKey(machine.site, machine.asset);
      if (!machines.has(key)) known = false;
      else putMachine(key, machine);
    }
    revision.value += 1;
  });
  return known;
}

function putMachine(key: string, machine: Machine): void {
  const held = machines.get(key);
  if (held) held.value = machine;
  else machines.set(key, signal(machine));
}

export function putAlarms(list: Iterable<Alarm>): void {
  const next = new Map(alarms.peek());
  for (const alarm of list) next.set(alarm.id, alarm);
  trim(next);
  alarms.value = next;
}

export function putInbox(told: Inbox): void {
  const { alarms: list, view: _, now_ms: __, ...rest } = told;
  batch(() => {
    inbox.value = rest;
    putAlarms(list);
  });
}

/** Alarms that this page has judged, in words: not asked again while the hub's word is on its way. */
export const handled = signal<ReadonlyMap<string, string>>(new Map());
/** So many alarms to judge are read at once: beyond it the hub's count counts. */
export const kInboxMost = 500;
/** How many alarms wait for a verdict. */
export const toJudge = computed(() => {
  const told = inbox.value?.counts.judge ?? openTotal.value;
  if (told > kInboxMost) return told;
  const now = hubNow();
  return [...alarms.value.values()].filter((alarm) => (inbox.value || alarm.state === "open") && inView(alarm, "judge", now, handled.value.has(alarm.id))).length;
});

// A console that stays open for weeks keeps the latest thousand alarms that are over; the rest is on the hub.
const kClearedKept = 1000;
function trim(all: Map<string, Alarm>): void {
  if (all.size <= 2 * kClearedKept) return;
  const cleared = [...all.values()].filter((alarm) => alarm.state !== "open").sort((a, b) => b.raised_ms - a.raised_ms);
  for (const alarm of cleared.slice(kClearedKept)) all.delete(alarm.id);
}

export function putDevices(list: Iterable<Device>, whole: boolean): void {
  const next = new Map(whole ? [] : (devices.peek() ?? []));
  for (const device of list) next.set(device.device, device);
  devices.value = next;
}

export function putRollouts(list: Iterable<Rollout>, whole: boolean): void {
  const next = new Map((whole ? [] : (rollouts.peek() ?? [])).map((one) => [one.id, one]));
  for (const one of list) next.set(one.id, one);
  batch(() => {
    rollouts.value = [...next.values()];
    rolloutsError.value = null;
    rolloutRevision.value += 1;
  });
}

/** What was just read of one stands in the list too, at once; whoever read it needs no news of it. */
export function noteRollout(detail: RolloutDetail): void {
  const { policy, gates, members, log, approved_by, ...item } = detail;
  const list = rollouts.peek();
  if (list) rollouts.value = list.some((one) => one.id === item.id) ? list.map((one) => (one.id === item.id ? item : one)) : [...list, item];
}
