// What this browser remembers. Storage may be switched off; then settings last until the page is closed.
import { effect, signal, type Signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";
export type BoardView = "tiles" | "grid" | "table";

function stored<T extends string>(name: string, first: T, allowed: readonly T[]): Signal<T> {
  const key = `millwright.${name}`;
  let value = first;
  try {
    const found = localStorage.getItem(key) as T | null;
    if (found !== null && allowed.includes(found)) value = found;
  } catch {
    // no storage
  }
  const made = signal(value);
  effect(() => {
    try {
      localStorage.setItem(key, made.value);
    } catch {
      // no storage
    }
  });
  return made;
}

export const theme = stored<Theme>("theme", "auto", ["auto", "light", "dark"]);
export const boardView = stored<BoardView>("board", "tiles", ["tiles", "grid", "table"]);
export const singleKeys = stored<"on" | "off">("keys", "on", ["on", "off"]);

const dark = matchMedia("(prefers-color-scheme: dark)");
/** Changes with whatever decides the colours: plots draw again. */
export const isDark = signal(dark.matches);
effect(() => {
  const chosen = theme.value;
  const apply = () => (isDark.value = chosen === "dark" || (chosen === "auto" && dark.matches));
  apply();
  document.documentElement.dataset["theme"] = isDark.value ? "dark" : "light";
  dark.onchange = () => {
    apply();
    document.documentElement.dataset["theme"] = isDark.value ? "dark" : "light";
  };
});

const narrow = matchMedia("(max-width: 700px)");
export const isPhone = signal(narrow.matches);
narrow.onchange = () => (isPhone.value = narrow.matches);
