// The shell: rail, top bar, the screen that the address names, and what speaks up on every screen.
import { signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Alarms } from "./alarms/alarms.tsx";
import { Board } from "./board/board.tsx";
import { Devices } from "./devices/devices.tsx";
import { bind } from "./keys.ts";
import { parseRoute, type Route } from "./logic/route.ts";
import { kWords, levelShown } from "./logic/shown.ts";
import { MachinePage } from "./machine/machine.tsx";
import { ModelsScreen } from "./rollouts/models.tsx";
import { RolloutsScreen } from "./rollouts/rollouts.tsx";
import { SchedulesScreen } from "./rollouts/schedules.tsx";
import { theme } from "./settings.ts";
import { openAlarms, openTotal, rollouts, rolloutsInNeed, toJudge } from "./store.ts";
import { KeysHelp, keysOpen } from "./ui/keys_help.tsx";
import { Palette, paletteOpen } from "./ui/palette.tsx";
import { Icon, type IconName } from "./ui/shapes.tsx";
import { Toast } from "./ui/toast.tsx";
import { TopBar } from "./ui/top_bar.tsx";

const route = signal<Route>(parseRoute(location.hash));
addEventListener("hashchange", () => {
  route.value = parseRoute(location.hash);
});

const go = (hash: string) => () => (location.hash = hash);
const kScreens: { screen: Route["screen"]; href: string; label: string; icon: IconName; keys: string }[] = [
  { screen: "board", href: "#/", label: "Board", icon: "board", keys: "g b" },
  { screen: "alarms", href: "#/alarms", label: "Inbox", icon: "alarms", keys: "g i" },
  { screen: "rollouts", href: "#/rollouts", label: "Models", icon: "model", keys: "g r" },
  { screen: "devices", href: "#/devices", label: "Devices", icon: "devices", keys: "g d" },
];

const kThemes = { auto: "light", light: "dark", dark: "auto" } as const;
const nextTheme = () => (theme.value = kThemes[theme.peek()]);

const kPartOf: Partial<Record<Route["screen"], Route["screen"]>> = { machine: "board", models: "rollouts", schedules: "rollouts" };

function RailCount({ count, words }: { count: number; words: string }) {
  if (count === 0) return null;
  return (
    <b class="rail-count" aria-label={`${count} ${words}`}>
      {count > 99 ? "99+" : count}
    </b>
  );
}

function Rail({ screen }: { screen: Route["screen"] }) {
  const open = toJudge.value;
  const at = kPartOf[screen] ?? screen;
  return (
    <nav class="rail" aria-label="Screens">
      <a class="logo" href="#/" aria-label="Millwright, board">
        <svg viewBox="0 0 28 28" width="28" height="28" aria-hidden="true">
          <rect width="28" height="28" rx="6" />
          <path d="M6 18.500c2 0 2.200-9 4.500-9s1.800 8 4 8 1.500-8 4-8 1.500 9 3.500 9" />
        </svg>
      </a>
      {kScreens.map(({ screen: name, href, label, icon }) => (
        <a key={name} class="rail-item" href={href} aria-current={name === at ? "page" : undefined}>
          <Icon name={icon} />
          {name === "alarms" && <RailCount count={open} words="to judge" />}
          {name === "rollouts" && <RailCount count={rolloutsInNeed.value.length} words="need a person" />}
          {label}
        </a>
      ))}
      <span class="rail-space" />
      <button class="rail-item" onClick={nextTheme} title={`Colours: ${theme.value}. Change to ${kThemes[theme.value]}.`}>
        <Icon name="theme" />
        {theme.value === "auto" ? "Auto" : theme.value === "dark" ? "Dark" : "Light"}
      </button>
      <button class="rail-item rail-keys" onClick={() => (keysOpen.value = true)}>
        <Icon name="keys" />
        Keys
      </button>
    </nav>
  );
}

/** Says a rollout aloud that halted or waits for a person's word; what stood so when the page came is not news. */
function RolloutAnnouncer() {
  const known = useRef<Set<string> | null>(null);
  const text = useRef("");
  const said = rolloutsInNeed.value.map((one) => ({ key: `${one.id} ${one.state}`, words: `Rollout of ${one.name} ${one.version} ${one.state === "halted" ? "halted" : "waits for approval"}: ${one.reason}` }));
  if (rollouts.value !== null) {
    const fresh = known.current === null ? [] : said.filter((one) => !known.current?.has(one.key));
    known.current ??= new Set();
    for (const one of said) known.current.add(one.key);
    if (fresh.length > 0) text.current = fresh.map((one) => one.words).join(". ");
  }
  return (
    <div class="unseen" aria-live="polite" id="rollout-announcer">
      {text.current}
    </div>
  );
}

/** Says new alarms aloud, once each; what was open when the page came is not news. */
function Announcer() {
  const known = useRef<Set<string> | null>(null);
  const text = useRef("");
  const open = openAlarms.value;
  if (known.current === null) {
    if (open.length > 0 || openTotal.value > 0) known.current = new Set(open.map((alarm) => alarm.id));
    else known.current = new Set();
  } else {
    const fresh = open.filter((alarm) => !known.current?.has(alarm.id));
    for (const alarm of fresh) known.current.add(alarm.id);
    if (fresh.length > 3) text.current = `${fresh.length} new alarms`;
    else if (fresh.length > 0)
      text.current = fresh
        .map((alarm) => `${kWords[levelShown(alarm.level)]}: ${alarm.asset} ${alarm.name}, ${alarm.fault_name || "no fault named"}`)
        .join(". ");
  }
  return (
    <div class="unseen" aria-live="polite" id="announcer">
      {text.current}
    </div>
  );
}

function Screen({ at }: { at: Route }) {
  if (at.screen === "machine") return <MachinePage key={`${at.site}/${at.asset}`} site={at.site} asset={at.asset} />;
  if (at.screen === "alarms") return <Alarms selected={at.id} />;
  if (at.screen === "rollouts") return <RolloutsScreen selected={at.id} />;
  if (at.screen === "models") return <ModelsScreen target={at.target} />;
  if (at.screen === "schedules") return <SchedulesScreen />;
  if (at.screen === "devices") return <Devices />;
  return <Board />;
}

export function App() {
  const at = route.value;
  useLayoutEffect(
    () =>
      bind([
        ...kScreens.map((one) => ({ keys: one.keys, label: one.screen === "rollouts" ? "Go to the rollouts" : `Go to ${one.label.toLowerCase()}`, group: "Everywhere", run: go(one.href) })),
        { keys: "g a", label: "Go to the inbox", group: "Everywhere", run: go("#/alarms") },
        { keys: "g m", label: "Go to the models in use", group: "Everywhere", run: go("#/models") },
        { keys: "g p", label: "Go to schedules and windows", group: "Everywhere", run: go("#/schedules") },
        { keys: "?", label: "All keys", group: "Everywhere", run: () => (keysOpen.value = true) },
        { keys: "Ctrl-K", label: "Find anything", group: "Everywhere", run: () => (paletteOpen.value = true) },
        { keys: "g t", label: "Change light and dark", group: "Everywhere", run: nextTheme },
      ]),
    [],
  );
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        paletteOpen.value = !paletteOpen.peek();
      }
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => {
        event.preventDefault();
        document.getElementById("main")?.focus();
      }}>
        Skip to content
      </a>
      <Rail screen={at.screen} />
      <TopBar route={at} />
      <main id="main" tabIndex={-1} class={`screen-${at.screen}`}>
        <Screen at={at} />
      </main>
      <Announcer />
      <RolloutAnnouncer />
      <Toast />
      <Palette />
      <KeysHelp />
    </>
  );
}
