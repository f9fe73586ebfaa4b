// What a person says of alarms, on its way to the hub. Each act has an id of its own, so that it can be sent until it is
// answered and still counts once. Without the hub it waits in this browser, over a reload too, and says so.
import { effect, signal } from "@preact/signals";
import { accessNeeded } from "./access.ts";
import { api, ApiError } from "./api.ts";
import { inboxSoon } from "./live.ts";
import { alarms, connected, handled } from "./store.ts";
import { say, sayFailed } from "./ui/toast.tsx";

export interface Act {
  id: string;
  path: "verdicts" | "shelvings" | "questions";
  body: Record<string, unknown>;
  alarms: string[];
  /** "P-310 rejected: duplicate". */
  words: string;
}

const kStored = "millwright.verdicts";
const kWaitingMax = 500;
const kAgainMs = 5_000;
const kToldMs = 5_000;

function stored(): Act[] {
  try {
    const list = JSON.parse(localStorage.getItem(kStored) ?? "[]") as unknown;
    return Array.isArray(list) ? (list.slice(0, kWaitingMax) as Act[]) : [];
  } catch {
    return [];
  }
}

/** Not answered yet, in the order in which they were said. */
export const waiting = signal<readonly Act[]>(stored());
handled.value = new Map(waiting.peek().flatMap((act) => act.alarms.map((id) => [id, act.words])));
const done: Act[] = [];
let sending = false;

function keep(list: readonly Act[]): void {
  waiting.value = list;
  try {
    localStorage.setItem(kStored, JSON.stringify(list));
  } catch {
    // A full or forbidden store: it waits in this page then.
  }
}

function mark(ids: readonly string[], words: string | null): void {
  const next = new Map(handled.peek());
  for (const id of ids) if (words === null) next.delete(id);
    else next.set(id, words);
  handled.value = next;
}

// Not crypto.randomUUID: that needs https or this very machine.
export const newId = (): string => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

export function act(path: Act["path"], alarms: string[], more: Record<string, unknown>, words: string): void {
  if (waiting.peek().length >= kWaitingMax) return sayFailed("Too many verdicts wait for the hub: this one was not taken.");
  const one: Act = { id: newId(), path, body: more, alarms, words };
  mark(one.alarms, words);
  done.push(one);
  keep([...waiting.peek(), one]);
  void flush();
}

/** One after the other, in their order. */
async function flush(): Promise<void> {
  if (sending) return;
  sending = true;
  try {
    for (let next = waiting.peek()[0]; next; next = waiting.peek()[0]) if (!(await send(next))) break;
  } finally {
    sending = false;
  }
}

async function send(one: Act): Promise<boolean> {
  const drop = () => keep(waiting.peek().filter((other) => other.id !== one.id));
  try {
    await api.act(one.path, { id: one.id, alarms: one.alarms, ...one.body });
    drop();
    setTimeout(() => mark(one.alarms, null), kToldMs); // the stream has told it by then
    say(`${one.words}. Saved.`, one === done.at(-1) ? undo : undefined);
    inboxSoon();
    return true;
  } catch (error) {
    const status = error instanceof ApiError ? error.status : 0;
    // 401: it is sent when somebody has logged in again.
    if (status === 0 || status >= 500 || status === 401 || status === 429) {
      say(`${one.words}. Waits in this browser: the hub does not answer.`, one === done.at(-1) ? undo : undefined);
      return false;
    }
    drop();
    mark(one.alarms, null);
    sayFailed(`${one.words}: not saved. ${error instanceof Error ? error.message : ""}`);
    return true;
  }
}

/** Takes the last act of this page back. */
export function undo(): void {
  const last = done.pop();
  if (!last) return say("Nothing to undo here.");
  mark(last.alarms, null);
  if (waiting.peek().some((one) => one.id === last.id) && !sending) {
    keep(waiting.peek().filter((one) => one.id !== last.id));
    return say(`${last.words}: taken back.`);
  }
  api.undoAct(last.id).then(
    () => {
      say(`${last.words}: taken back.`);
      inboxSoon();
    },
    (error: Error) => {
      done.push(last);
      sayFailed(`${last.words}: could not be taken back. ${error.message}`);
    },
  );
}

/** Takes back one that stands in the list of today's verdicts. */
export function undoAct(id: string, words: string): void {
  mark([...alarms.peek().values()].filter((alarm) => alarm.verdict?.act === id).map((alarm) => alarm.id), null);
  api.undoAct(id).then(
    () => {
      say(`${words}: taken back.`);
      inboxSoon();
    },
    (error: Error) => sayFailed(`${words}: could not be taken back. ${error.message}`),
  );
}

effect(() => {
  if (connected.value && !accessNeeded.value && waiting.peek().length > 0) void flush();
});
setInterval(() => {
  if (waiting.peek().length > 0 && !accessNeeded.peek()) void flush();
}, kAgainMs);
