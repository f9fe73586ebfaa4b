// What was just done, bottom left for ten seconds; what failed, until it is closed.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Key } from "./parts.tsx";
import { Shape } from "./shapes.tsx";

interface Said {
  text: string;
  failed: boolean;
  undo?: (() => void) | undefined;
}

const said = signal<Said | null>(null);
const kShownMs = 10_000;

export const say = (text: string, undo?: () => void): void => void (said.value = { text, failed: false, undo });
export const sayFailed = (text: string): void => void (said.value = { text, failed: true });

export function Toast() {
  const now = said.value;
  useEffect(() => {
    if (now === null || now.failed) return;
    const timer = setTimeout(() => (said.value = null), kShownMs);
    return () => clearTimeout(timer);
  }, [now]);
  return (
    <div class="toast-place" role={now?.failed ? "alert" : "status"}>
      {now && (
        <p class="toast">
          {now.failed && <Shape name="warning" />}
          <span>{now.text}</span>
          {now.undo && (
            <button class="button" onClick={now.undo}>
              Undo <Key>u</Key>
            </button>
          )}
          <button class="link" onClick={() => (said.value = null)}>
            Close
          </button>
        </p>
      )}
    </div>
  );
}
