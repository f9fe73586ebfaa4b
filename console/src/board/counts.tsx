// The bar of counts: each filters; the right side says how much of the fleet is heard at all.
import { useLayoutEffect, useRef } from "preact/hooks";
import { age, count } from "../logic/format.ts";
import { kCountOrder, kWords } from "../logic/shown.ts";
import type { Shown } from "../logic/types.ts";
import { boardView, isPhone, type BoardView } from "../settings.ts";
import { connected, counts, gatewayCounts, lostPlants, nowMs, openAlarms, openTotal } from "../store.ts";
import { Segmented, type Choice } from "../ui/parts.tsx";
import { Shape } from "../ui/shapes.tsx";
import { filter, filterAsked } from "./state.ts";

const kAlways: readonly Shown[] = ["act", "warning", "watch", "healthy", "unknown"];
const kPhone: readonly Shown[] = ["act", "warning", "watch", "unknown", "healthy"];
const kViews: readonly Choice<BoardView>[] = [
  { value: "tiles", label: "Tiles" },
  { value: "grid", label: "Grid" },
  { value: "table", label: "Table" },
];

function FilterField({ clear }: { clear: () => void }) {
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    if (filterAsked.value > 0) field.current?.focus();
  }, [filterAsked.value]);
  return (
    <span class="count-filter">
      <input
        ref={field}
        type="text"
        aria-label="Filter by tag, name, plant, area, gateway or fault"
        placeholder="Filter machines"
        value={filter.value.text}
        onInput={(event) => (filter.value = { ...filter.value, text: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            event.preventDefault();
            clear();
            field.current?.blur();
          }
        }}
      />
    </span>
  );
}

export function Counts(props: { shown: number; total: number; waiting: number; show: () => void; clear: () => void }) {
  // A state that was once counted keeps its place, so that the buttons do not move.
  const seen = useRef(new Set<Shown>(kAlways));
  const now = counts.value;
  for (const name of kCountOrder) if (now[name] > 0) seen.current.add(name);
  const order = (isPhone.value ? kPhone : kCountOrder).filter((name) => seen.current.has(name));
  const chosen = filter.value;
  const filtering = chosen.shown !== null || chosen.text !== "";
  return (
    <section class="counts" aria-label="Machines by state">
      {order.map((name) => (
        <button
          key={name}
          class={`count count-${name} ${now[name] === 0 ? "none" : ""}`}
          aria-pressed={chosen.shown === name}
          onClick={() => (filter.value = { ...chosen, shown: chosen.shown === name ? null : name })}
        >
          <Shape name={name} size={16} /> <b>{count(now[name])}</b> <span>{kWords[name]}</span>
        </button>
      ))}
      <span class="counts-space">
        {(filterAsked.value > 0 || chosen.text !== "") && <FilterField clear={props.clear} />}
        {filtering && (
          <span role="status">
            {count(props.shown)} of {count(props.total)} machines{" "}
            {props.waiting > 0 && (
              <button class="link" onClick={props.show}>
                {props.waiting} new, show
              </button>
            )}
            <button class="link" onClick={props.clear}>
              Show all
            </button>
          </span>
        )}
      </span>
      {!filtering && <Facts />}
      <span class="count-views">
        <Segmented label="Show machines as" choices={kViews} value={boardView.value} pick={(value) => (boardView.value = value)} />
      </span>
    </section>
  );
}

function Facts() {
  const { total, online } = gatewayCounts.value;
  const open = Math.max(openAlarms.value.length, openTotal.value);
  const oldest = openAlarms.value.reduce((least, alarm) => Math.min(least, alarm.raised_ms), Infinity);
  return (
    <>
      <a class="count-fact" href="#/devices">
        Gateways{" "}
        <b>
          {online} of {total}
        </b>
        {connected.value && lostPlants.value.length === 0 ? " online" : " heard"}
      </a>
      <a class="count-fact" href="#/alarms">
        Alarms <b>{open}</b>
        {open > 0 && Number.isFinite(oldest) ? `, oldest ${age(nowMs.value - oldest)}` : " open"}
      </a>
    </>
  );
}
