// What was just done, bottom left for ten seconds; what failed, until it is closed.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Shape } from "./shapes.tsx";

interface Said {
  text: string;
  failed: boolean;
}

const said = signal<Said | null>(null);
const kShownMs = 10_000;

export const say = (text: string): void => void (said.value = { text, failed: false });
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
          <button class="link" onClick={() => (said.value = null)}>
            Close
          </button>
        </p>
      )}
    </div>
  );
}
