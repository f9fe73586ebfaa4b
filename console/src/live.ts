// Keeps the store current: the board, then the event stream; the board again after each reconnection.
//
// The stream ticks each second. Where it falls silent the console says so at once, and everything counts as unknown
// until the hub is heard again.
import { batch } from "@preact/signals";
import { accessNeeded } from "./access.ts";
import { api } from "./api.ts";
import * as store from "./store.ts";
import type { Rollout } from "./logic/rollout_types.ts";
import type { Alarm, Device, Machine } from "./logic/types.ts";

const kSilentMs = 5_000; // five ticks missed
const kRetryMs = [500, 1_000, 2_000, 4_000, 8_000];
const kBoardAgainMs = 60_000; // sparklines move on
const kBoardPollMs = 3_000; // where the hub answers but has no stream left to give
const kFlushMs = 1_000;

let source: EventSource | null = null;
let heardAt = 0;
let openedAt = 0;
let attempt = 0;
let retry: ReturnType<typeof setTimeout> | undefined;
let boardTimer: ReturnType<typeof setTimeout> | undefined;
let boardAt = 0;
let boardOk = 0;
let boardLoading = false;
let boardAsked = false; // again, while it was loading
let flushedAt = 0;
let alarmsAt = 0;
let alarmTimer: ReturnType<typeof setTimeout> | undefined;
let flushTimer: ReturnType<typeof setTimeout> | undefined;
let inboxAt = 0;
let inboxTimer: ReturnType<typeof setTimeout> | undefined;
let rolloutsAt = 0;
let rolloutTimer: ReturnType<typeof setTimeout> | undefined;
const pending = {
  machines: new Map<string, Machine>(),
  alarms: new Map<string, Alarm>(),
  devices: new Map<string, Device>(),
  rollouts: new Map<string, Rollout>(),
};
// Heard while a board was on its way, which may be older: said again when it is there.
const meanwhile = { machines: new Map<string, Machine>(), alarms: new Map<string, Alarm>() };

export function start(): void {
  void loadBoard();
  open();
  setInterval(watch, 1_000);
  addEventListener("online", reopen);
}

/** For "Retry" buttons: now, instead of when the next attempt is due. */
export function retryNow(): void {
  attempt = 0;
  reopen();
  void loadBoard();
}

function reopen(): void {
  source?.close();
  source = null;
  open();
}

function open(): void {
  clearTimeout(retry);
  if (accessNeeded.peek()) return; // retryNow() comes with the token
  openedAt = Date.now();
  const opened = new EventSource("./api/v1/stream");
  source = opened;
  const on = (name: string, take: (data: unknown) => void) =>
    opened.addEventListener(name, (event) => {
      heard();
      try {
        take(JSON.parse((event as MessageEvent<string>).data));
      } catch (error) {
        console.warn(`stream: ${name} is not what it should be`, error);
      }
    });
  on("hello", () => {
    pending.machines.clear(); // from before the cut; the board is newer
    void loadBoard();
    loadDevices().catch(() => undefined); // the devices screen shows its own error
    void loadRollouts();
    void api.inbox("judge", store.kInboxMost).then(store.putInbox, () => undefined);
    void api.me().then((told) => (store.me.value = told), () => undefined);
  });
  on("tick", (data) => tick(data as { now_ms: number; last_data_ms: number | null }));
  on("machine", (data) => {
    const machine = data as Machine;
    const key = store.machineKey(machine.site, machine.asset);
    pending.machines.set(key, machine);
    if (boardLoading) meanwhile.machines.set(key, machine);
    flushSoon();
  });
  on("alarm", (data) => {
    const alarm = data as Alarm;
    pending.alarms.set(alarm.id, alarm);
    if (boardLoading) meanwhile.alarms.set(alarm.id, alarm);
    alarmsSoon();
  });
  on("device", (data) => {
    pending.devices.set((data as Device).device, data as Device);
    flushSoon();
  });
  on("rollout", (data) => {
    pending.rollouts.set((data as Rollout).id, data as Rollout);
    rolloutsSoon();
  });
  opened.onerror = () => {
    // The browser reconnects by itself after a cut, but gives up for good after an error answer.
    if (opened.readyState === EventSource.CLOSED && source === opened) again();
  };
}

function again(): void {
  source?.close();
  source = null;
  clearTimeout(retry);
  retry = setTimeout(open, kRetryMs[Math.min(attempt++, kRetryMs.length - 1)]);
}

function heard(): void {
  heardAt = Date.now();
  attempt = 0;
  store.heardMs.value = store.hubNow();
}

function tick(data: { now_ms: number; last_data_ms: number | null }): void {
  batch(() => {
    store.setClock(data.now_ms);
    store.lastDataMs.value = data.last_data_ms;
  });
}

// Connected means: heard within five seconds, and the board was read since the hub was last lost.
function watch(): void {
  store.nowMs.value = store.hubNow();
  const now = Date.now();
  const silent = now - heardAt > kSilentMs;
  if (silent && now - boardOk > kSilentMs && store.connected.peek()) store.connected.value = false;
  // A half-open connection is never told to the browser: make a new one.
  if (silent && source && now - openedAt > 2 * kSilentMs) again();
  if (now - boardAt > (silent ? kBoardPollMs : kBoardAgainMs)) void loadBoard();
}

async function loadBoard(): Promise<void> {
  if (boardLoading) {
    boardAsked = true; // the one on its way may be from before the stream began
    return;
  }
  boardLoading = true;
  meanwhile.machines.clear();
  meanwhile.alarms.clear();
  boardAt = Date.now();
  try {
    const board = await api.board();
    batch(() => {
      store.setBoard(board);
      store.putMachines(take(meanwhile.machines));
      store.putAlarms(take(meanwhile.alarms));
      store.connected.value = true;
      boardOk = Date.now();
    });
  } catch (error) {
    store.boardError.value = error instanceof Error ? error : new Error(String(error));
    if (!store.plants.peek()) boardSoon(2_000);
  } finally {
    boardLoading = false;
    if (boardAsked) boardSoon(0);
    boardAsked = false;
  }
}

function boardSoon(delayMs: number): void {
  clearTimeout(boardTimer);
  boardTimer = setTimeout(() => void loadBoard(), Math.max(delayMs, boardAt + 1_000 - Date.now()));
}

// Alarms do not wait for the values' second; a flood of them is gathered all the same.
function alarmsSoon(): void {
  alarmTimer ??= setTimeout(() => {
    alarmTimer = undefined;
    alarmsAt = Date.now();
    store.putAlarms(take(pending.alarms));
    inboxSoon();
  }, Math.max(0, alarmsAt + kFlushMs - Date.now()));
}

const kInboxEveryMs = 2_000;
/** Reads the inbox's counts again: after news of an alarm, and after a verdict. A hub without an inbox has none. */
export function inboxSoon(): void {
  inboxTimer ??= setTimeout(() => {
    inboxTimer = undefined;
    inboxAt = Date.now();
    api.inbox("judge", 1).then(store.putInbox, () => undefined);
  }, Math.max(0, inboxAt + kInboxEveryMs - Date.now()));
}

// At once where nothing changed for a second, otherwise when the second is over.
function flushSoon(): void {
  flushTimer ??= setTimeout(flush, Math.max(0, flushedAt + kFlushMs - Date.now()));
}

function flush(): void {
  flushTimer = undefined;
  flushedAt = Date.now();
  batch(() => {
    if (pending.devices.size > 0) applyDevices(take(pending.devices));
    if (pending.machines.size > 0 && !store.putMachines(take(pending.machines))) boardSoon(0);
  });
}

function rolloutsSoon(): void {
  rolloutTimer ??= setTimeout(() => {
    rolloutTimer = undefined;
    rolloutsAt = Date.now();
    const changed = take(pending.rollouts);
    // A hub may say which one changed and no more.
    if (store.rollouts.peek() && changed.every((one) => one.state && one.counts)) store.putRollouts(changed, false);
    else void loadRollouts();
  }, Math.max(0, rolloutsAt + kFlushMs - Date.now()));
}

function take<T>(from: Map<string, T>): T[] {
  const all = [...from.values()];
  from.clear();
  return all;
}

// A gateway that came or went changes its plant's link, which only the board tells.
function applyDevices(list: Device[]): void {
  const known = store.devices.peek();
  const changed = list.some((device) => known?.get(device.device)?.online !== device.online);
  if (known) store.putDevices(list, false);
  if (changed) boardSoon(300);
}

export async function loadDevices(): Promise<void> {
  const answer = await api.devices();
  store.putDevices(answer.devices, true);
}

export async function loadRollouts(): Promise<void> {
  try {
    store.putRollouts((await api.rollouts()).rollouts, true);
  } catch (error) {
    store.rolloutsError.value = error instanceof Error ? error : new Error(String(error));
  }
}
