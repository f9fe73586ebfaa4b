// "?": all keys that do something on this screen.
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { bindings } from "../keys.ts";
import { singleKeys } from "../settings.ts";
import { Key } from "./parts.tsx";

export const keysOpen = signal(false);
const kNames: Record<string, string> = { Escape: "Esc", ArrowLeft: "←", ArrowRight: "→", Enter: "Enter", "Ctrl-K": "Ctrl K" };

export function KeysHelp() {
  const box = useRef<HTMLDialogElement>(null);
  const open = keysOpen.value;
  useEffect(() => {
    if (open && !box.current?.open) box.current?.showModal();
    else if (!open && box.current?.open) box.current.close();
  }, [open]);
  const list = open ? bindings.value : [];
  const groups = [...new Set(list.map((one) => one.group))];
  return (
    <dialog
      class="keys"
      ref={box}
      aria-label="Keys"
      onClose={() => (keysOpen.value = false)}
      onClick={(event) => event.target === box.current && box.current?.close()}
    >
      <header>
        <h2>Keys</h2>
        <label>
          <input
            type="checkbox"
            checked={singleKeys.value === "on"}
            onChange={(event) => (singleKeys.value = event.currentTarget.checked ? "on" : "off")}
          />
          Single keys
        </label>
        <button class="button" onClick={() => box.current?.close()}>
          Close <Key>Esc</Key>
        </button>
      </header>
      <div class="keys-groups">
        {groups.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {list
                .filter((one) => one.group === group)
                .map((one) => (
                  <div key={one.keys}>
                    <dt>
                      {one.keys.split(" ").map((key) => (
                        <Key key={key}>{kNames[key] ?? key}</Key>
                      ))}
                    </dt>
                    <dd>{one.label}</dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </dialog>
  );
}
