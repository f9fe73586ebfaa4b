// The inbox: what a person has to judge, worst first, still under the hand, with the evidence of the chosen one beside it.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { api } from "../api.ts";
import { bind } from "../keys.ts";
import { count } from "../logic/format.ts";
import { after, groups, inView, kViews, type InboxView } from "../logic/inbox.ts";
import { alarmHref, machineHref, parseRoute } from "../logic/route.ts";
import type { Alarm } from "../logic/types.ts";
import { isPhone } from "../settings.ts";
import { alarms, connected, handled, hubNow, inbox, kInboxMost, plants, putInbox, toJudge, worstFirst } from "../store.ts";
import { HeldBar, useHeld } from "../ui/held.tsx";
import { Empty, Failed, Key, Loading } from "../ui/parts.tsx";
import { AlarmDetail } from "./detail.tsx";
import { Figures, JudgedToday } from "./judged.tsx";
import { AlarmRow } from "./row.tsx";

const kPage = 200;
const kEmpty: Record<InboxView, string> = {
  judge: "Nothing to judge",
  shelved: "Nothing is shelved",
  judged: "Nothing was judged today",
  opinion: "Nobody asks for a second opinion",
  all: "No alarm has been raised yet",
};

function matches(alarm: Alarm, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const all = `${alarm.asset} ${alarm.name} ${alarm.site} ${alarm.area} ${alarm.fault_name ?? ""} ${alarm.level}`.toLowerCase();
  return words.every((word) => all.includes(word));
}

const kOrder: Record<InboxView, (a: Alarm, b: Alarm) => number> = {
  judge: worstFirst,
  shelved: worstFirst,
  opinion: worstFirst,
  judged: (a, b) => (b.verdict?.at_ms ?? 0) - (a.verdict?.at_ms ?? 0),
  all: (a, b) => b.raised_ms - a.raised_ms,
};

function countOf(view: InboxView): number | null {
  const counts = inbox.value?.counts;
  if (view === "judge") return toJudge.value;
  return counts ? { shelved: counts.shelved, judged: counts.judged_today, opinion: counts.opinion, all: null }[view] : null;
}

export function Alarms({ selected }: { selected: string | null }) {
  const [tab, setTab] = useState<InboxView>("judge");
  const [text, setText] = useState("");
  const [error, setError] = useState<Error | null>(null);
  const [attempt, setAttempt] = useState(0);
  const [limit, setLimit] = useState(kPage);
  const field = useRef<HTMLInputElement>(null);

  const load = () => {
    const take = (told: Parameters<typeof putInbox>[0]) => (putInbox(told), setError(null));
    api.inbox(tab, Math.min(limit, kInboxMost)).then(take, (failed: Error) => setError(failed));
    if (tab === "judge") api.inbox("judged", 50).then(putInbox, () => undefined);
  };
  useEffect(load, [tab, attempt, connected.value, limit]);

  const found = useMemo(() => {
    const now = hubNow();
    const list = [...alarms.value.values()].filter((alarm) => inView(alarm, tab, now, handled.value.has(alarm.id)) && matches(alarm, text));
    return new Map(groups(list.sort(kOrder[tab])).map((group) => [group.lead.id, group]));
  }, [tab, text, alarms.value, handled.value]);
  const wanted = useMemo(() => [...found.keys()], [found]);
  const held = useHeld(wanted, `${tab} ${text}`);
  const shown = held.ids.slice(0, limit);
  // Without a choice the first is shown, and stays: the evidence must not change under the reader.
  const first = useRef<string | null>(null);
  if (!isPhone.value) first.current ??= shown[0] ?? null;
  const chosen = selected ?? first.current;

  // Keys read what is true when they are pressed: j and o in one breath must not open the alarm before.
  const rows = useRef(shown);
  rows.current = shown;
  const current = () => {
    const route = parseRoute(location.hash);
    return (route.screen === "alarms" ? route.id : null) ?? first.current ?? "";
  };
  const choose = (id: string) => {
    history.replaceState(null, "", alarmHref(id));
    dispatchEvent(new HashChangeEvent("hashchange"));
    document.getElementById(`alarm-${id}`)?.scrollIntoView({ block: "nearest" });
  };
  useLayoutEffect(() => {
    const step = (by: number) => () => {
      const at = rows.current.indexOf(current());
      const to = rows.current[at < 0 ? 0 : Math.min(rows.current.length - 1, Math.max(0, at + by))];
      if (to === undefined) return;
      choose(to);
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
    return <Failed what="The alarms could not be read" error={error} works="Gateways go on deciding on site; verdicts wait here." retry={() => setAttempt(attempt + 1)} />;
  if (plants.value === null && alarms.value.size === 0) return <Loading what="the alarms" />;
  return (
    <>
      <header class="tabs">
        {kViews.map(({ view, label }) => (
          <button key={view} class="tab" aria-pressed={tab === view} onClick={() => setTab(view)}>
            {label} {countOf(view) !== null && <b>{countOf(view)}</b>}
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
        <section class="panel alarm-list" aria-label="Inbox" {...held.on}>
          <HeldBar holder={held} order={tab === "judged" ? "Newest verdict first" : tab === "all" ? "Newest first" : "Worst first"}>
            <span class="held-keys">
              <Key>j</Key> <Key>k</Key> move
            </span>
          </HeldBar>
          <div class="alarm-rows" tabIndex={0} role="region" aria-label="List of alarms">
            {shown.map((id) => {
              const alarm = alarms.value.get(id);
              return alarm && <AlarmRow key={id} alarm={alarm} selected={id === chosen} count={found.get(id)?.ids.length ?? 1} />;
            })}
            {shown.length === 0 && (
              <Empty title={text ? "No alarm matches" : kEmpty[tab]}>
                {text
                  ? "Clear the filter to see all."
                  : connected.value
                    ? "An alarm appears here the moment a gateway raises one."
                    : "Not current: the hub is not heard, so newer alarms may be missing."}
              </Empty>
            )}
          </div>
          {tab === "judge" && <JudgedToday />}
          <footer class="table-foot">
            {count(shown.length)} of {count(Math.max(held.ids.length, tab === "judge" && !text ? toJudge.value - hidden(found) : 0))}
            {held.ids.length > limit || (limit < kInboxMost && held.ids.length >= kPage) ? (
              <button
                class="link"
                onClick={() => {
                  setLimit(limit + kPage);
                  held.show();
                }}
              >
                Show more
              </button>
            ) : null}
          </footer>
          <Figures />
        </section>
        <AlarmDetail
          id={chosen}
          ids={chosen === null ? [] : (found.get(chosen)?.ids ?? [chosen])}
          judged={() => {
            // Two keys a verdict: the next one is chosen at once.
            const next = after(rows.current, current(), (id) => found.get(id) !== undefined && !handled.peek().has(id));
            if (next !== null) choose(next);
          }}
        />
      </div>
    </>
  );
}

/** Alarms behind the rows that lead them: counted by the hub, not rows here. */
const hidden = (found: ReadonlyMap<string, { ids: string[] }>): number => [...found.values()].reduce((sum, group) => sum + group.ids.length - 1, 0);
