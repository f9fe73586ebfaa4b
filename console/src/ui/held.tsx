// Lists that do not move while the pointer or the focus is in them. See logic/hold.ts.
import { useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { hold } from "../logic/hold.ts";

export interface Holder {
  ids: string[];
  /** How many are new and wait. */
  waiting: number;
  /** Takes the new order over, held or not. */
  show: () => void;
  /** For the element that holds the rows and the line above them, so that the way to "show" is part of it. */
  on: {
    onPointerEnter: (event: PointerEvent) => void;
    onPointerLeave: () => void;
    onFocusIn: (event: FocusEvent) => void;
    onFocusOut: (event: FocusEvent) => void;
  };
}

/** `reset`: a change of it (a filter, say) is the person's own doing and is followed at once. */
export function useHeld(wanted: readonly string[], reset = ""): Holder {
  const shown = useRef<string[] | null>(null);
  const lastReset = useRef(reset);
  const inside = useRef({ pointer: false, focus: false });
  const list = useRef<Element | null>(null);
  const [, again] = useState(0);
  if (lastReset.current !== reset) {
    lastReset.current = reset;
    shown.current = null;
  }
  // A focused row that is taken away tells nobody that the focus left.
  if (inside.current.focus && !list.current?.contains(document.activeElement)) inside.current.focus = false;
  const held = hold(shown.current, wanted, inside.current.pointer || inside.current.focus);
  shown.current = held.ids;

  const set = (what: "pointer" | "focus", value: boolean) => {
    if (inside.current[what] === value) return;
    inside.current[what] = value;
    if (!value) again((n) => n + 1); // released: catch up
  };
  return {
    ...held,
    show: () => {
      shown.current = null;
      again((n) => n + 1);
    },
    on: {
      // A finger is no pointer that rests: it would hold the list until the next touch elsewhere.
      onPointerEnter: (event) => event.pointerType !== "touch" && set("pointer", true),
      onPointerLeave: () => set("pointer", false),
      onFocusIn: (event) => {
        list.current = event.currentTarget as Element;
        set("focus", true);
      },
      onFocusOut: (event) => {
        if (!list.current?.contains(event.relatedTarget as Node | null)) set("focus", false);
      },
    },
  };
}

/** The line above a held list. It is always there, so that its text moves nothing. */
export function HeldBar({ holder, order, children }: { holder: Holder; order: string; children?: ComponentChildren }) {
  return (
    <div class="held-bar">
      <span role="status">
        {order}
        {holder.waiting > 0 && (
          <>
            . Order holds while you work:{" "}
            <button class="link" onClick={holder.show}>
              {holder.waiting} new, show
            </button>
          </>
        )}
      </span>
      {children}
    </div>
  );
}
