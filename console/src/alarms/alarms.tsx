// The live list of alarms: worst first, still under the hand, with the evidence of the chosen one beside it.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { api } from "../api.ts";
import { bind } from "../keys.ts";
import { count } from "../logic/format.ts";
import { alarmHref, machineHref, parseRoute } from "../logic/route.ts";
import type { Alarm } from "../logic/types.ts";
import { isPhone } from "../settings.ts";
import { alarms, connected, openAlarms, openTotal, plants, putAlarms } from "../store.ts";
import { HeldBar, useHeld } from "../ui/held.tsx";
import { Empty, Failed, Key, Loading } from "../ui/parts.tsx";
import { AlarmDetail } from "./detail.tsx";
import { AlarmRow } from "./row.tsx";

type Tab = "open" | "all";
const kPage = 200;

function matches(alarm: Alarm, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const all = `${alarm.asset} ${alarm.name} ${alarm.site} ${alarm.area} ${alarm.fault_name ?? ""} ${alarm.level}`.toLowerCase();
  return words.every((word) => all.includes(word));
}

export function Alarms({ selected }: { selected: string | null }) {
  const [tab, setTab] = useState<Tab>("open");
  const [text, setText] = useState("");
  const [next, setNext] = useState<string | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [attempt, setAttempt] = useState(0);
  const [limit, setLimit] = useState(kPage);
  const field = useRef<HTMLInputElement>(null);

  const load = (cursor?: string) =>
    api.alarms(tab, cursor).then(
      (got) => {
        putAlarms(got.alarms);
        setNext(got.next ?? null);
        setError(null);
      },
      (failed: Error) => setError(failed),
    );
  useEffect(() => void load(), [tab, attempt, connected.value]);

  const wanted = useMemo(() => {
    const list = tab === "open" ? openAlarms.value : [...alarms.value.values()].sort((a, b) => b.raised_ms - a.raised_ms);
    return list.filter((alarm) => matches(alarm, text)).map((alarm) => alarm.id);
  }, [tab, text, alarms.value]);
  const held = useHeld(wanted, `${tab} ${text}`);
  const shown = held.ids.slice(0, limit);
  // Without a choice the first is shown, and stays: the evidence must not change under the reader.
  const first = useRef<string | null>(null);
  if (!isPhone.value) first.current ??= shown[0] ?? null;
  const chosen = selected ?? first.current;

  // Keys read what is true when they are pressed: j and o in one breath must not open the alarm before.
  const rows = useRef(shown);
  rows.current = shown;
  useEffect(() => {
    const current = () => {
      const route = parseRoute(location.hash);
      return (route.screen === "alarms" ? route.id : null) ?? first.current ?? "";
    };
    const step = (by: number) => () => {
      const at = rows.current.indexOf(current());
      const to = rows.current[at < 0 ? 0 : Math.min(rows.current.length - 1, Math.max(0, at + by))];
      if (to === undefined) return;
      history.replaceState(null, "", alarmHref(to));
      dispatchEvent(new HashChangeEvent("hashchange"));
      document.getElementById(`alarm-${to}`)?.scrollIntoView({ block: "nearest" });
    };
    const open = () => {
      const alarm = alarms.peek().get(current());
      if (alarm) location.hash = machineHref(alarm.site, alarm.asset);
    };
    return bind([
      { keys: "j", label: "Next alarm", group: "Lists", run: step(1) },
      { keys: "k", label: "Alarm before", group: "Lists", run: step(-1) },
      { keys: "/", label: "Filter the alarms", group: "Lists", run: () => field.current?.focus() },
      { keys: "Escape", label: "Back to the board", group: "Lists", run: () => (location.hash = "#/") },
      { keys: "o", label: "Open machine", group: "Lists", run: open },
    ]);
  }, []);

  if (error && alarms.value.size === 0)
    return <Failed what="The alarms could not be read" error={error} works="Gateways go on deciding on site." retry={() => setAttempt(attempt + 1)} />;
  if (plants.value === null && alarms.value.size === 0) return <Loading what="the alarms" />;
  return (
    <>
      <header class="tabs">
        {(["open", "all"] as const).map((name) => (
          <button key={name} class="tab" aria-pressed={tab === name} onClick={() => setTab(name)}>
            {name === "open" ? "Open" : "All"} {name === "open" && <b>{Math.max(openTotal.value, openAlarms.value.length)}</b>}
          </button>
        ))}
        <input
          ref={field}
          class="field"
          type="text"
          aria-label="Filter by tag, name, plant, fault or level"
          placeholder="Filter"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            event.preventDefault();
            setText("");
            field.current?.blur();
          }}
        />
      </header>
      <div class={`alarms ${chosen ? "has-chosen" : ""}`}>
        <section class="panel alarm-list" aria-label="Alarms" {...held.on}>
          <HeldBar holder={held} order={tab === "open" ? "Worst first" : "Newest first"}>
            <span class="held-keys">
              <Key>j</Key> <Key>k</Key> move
            </span>
          </HeldBar>
          <div class="alarm-rows" tabIndex={0} role="region" aria-label="List of alarms">
            {shown.map((id) => {
              const alarm = alarms.value.get(id);
              return alarm && <AlarmRow key={id} alarm={alarm} selected={id === chosen} />;
            })}
            {shown.length === 0 && (
              <Empty title={text ? "No alarm matches" : tab === "open" ? "No alarm is open" : "No alarm has been raised yet"}>
                {text
                  ? "Clear the filter to see all."
                  : connected.value
                    ? "An alarm appears here the moment a gateway raises one."
                    : "Not current: the hub is not heard, so newer alarms may be missing."}
              </Empty>
            )}
          </div>
          <footer class="table-foot">
            {count(shown.length)} of {count(Math.max(held.ids.length, tab === "open" && !text ? openTotal.value : 0))} alarms
            {(held.ids.length > limit || next) && (
              <button
                class="link"
                onClick={() => {
                  setLimit(limit + kPage);
                  held.show();
                  if (next) void load(next);
                }}
              >
                Show more
              </button>
            )}
          </footer>
        </section>
        <AlarmDetail id={chosen} />
      </div>
    </>
  );
}
