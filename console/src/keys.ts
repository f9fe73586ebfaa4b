// Keys. Screens register what they do; one listener decides. Nothing fires while somebody types.
import { effect, signal } from "@preact/signals";
import { singleKeys } from "./settings.ts";

export interface Binding {
  keys: string; // "g b", "/", "Escape", "ArrowLeft"
  label: string;
  group: string;
  run: () => void;
}

/** What applies now, for the list that "?" shows. */
export const bindings = signal<readonly Binding[]>([]);

/** Adds bindings; returns what takes them away again. From a layout effect: what is on the screen then listens already. */
export function bind(list: readonly Binding[]): () => void {
  bindings.value = [...bindings.peek(), ...list];
  return () => {
    bindings.value = bindings.peek().filter((one) => !list.includes(one));
  };
}

const kSequenceMs = 1_200;
let first = "";
let timer: ReturnType<typeof setTimeout> | undefined;

export function typing(target: EventTarget | null): boolean {
  // The field of a dialog that was just closed keeps the focus for a moment.
  if (target instanceof HTMLElement && target.closest("dialog:not([open])")) return false;
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]")) return;
  if (typing(event.target) && event.key !== "Escape") return;
  if (singleKeys.peek() === "off" && event.key.length === 1) return;
  const pressed = first ? `${first} ${event.key}` : event.key;
  // The latest binding wins: a screen's own stands before the shell's.
  const found = bindings.peek().findLast((one) => one.keys === pressed);
  clearTimeout(timer);
  first = "";
  if (found) {
    event.preventDefault();
    found.run();
  } else if (bindings.peek().some((one) => one.keys.startsWith(`${event.key} `))) {
    first = event.key;
    timer = setTimeout(() => (first = ""), kSequenceMs);
  }
}

effect(() => {
  addEventListener("keydown", onKey);
  return () => removeEventListener("keydown", onKey);
});
