// One alarm in the list, at a fixed height.
import { ageWhole, clock, score, sentence } from "../logic/format.ts";
import { verdictWords } from "../logic/inbox.ts";
import { alarmHref } from "../logic/route.ts";
import { kWords, levelShown } from "../logic/shown.ts";
import { trend } from "../logic/trend.ts";
import type { Alarm } from "../logic/types.ts";
import { connected, handled, lostPlants, machineKey, machines, nowMs } from "../store.ts";
import { At, Sparkline } from "../ui/parts.tsx";
import { Shape } from "../ui/shapes.tsx";

export function AlarmRow({ alarm, selected, count = 1 }: { alarm: Alarm; selected: boolean; count?: number }) {
  const shown = levelShown(alarm.level);
  const over = alarm.state !== "open";
  const unheard = !connected.value || lostPlants.value.some((plant) => plant.site === alarm.site);
  const said = alarm.verdict ? verdictWords(alarm.verdict) : (handled.value.get(alarm.id) ? "judged here" : null);
  const limit = machines.get(machineKey(alarm.site, alarm.asset))?.value.watch_from ?? null;
  return (
    <a
      id={`alarm-${alarm.id}`}
      class={`alarm-row ${over ? "over" : ""}`}
      href={alarmHref(alarm.id)}
      aria-current={selected ? "true" : undefined}
      data-id={alarm.id}
    >
      <Shape name={over ? "healthy" : shown} size={16} />
      <span class="alarm-name">
        <b>{alarm.asset}</b> {alarm.name}
      </span>
      <span class={`alarm-what state-${shown}`}>
        <b>{kWords[shown]}</b> · {sentence(alarm.fault_name || alarm.fault || "no fault named")}
        {count > 1 && (
          <>
            {" "}
            · <strong>{count} alarms, one cause</strong>
          </>
        )}
      </span>
      <span class="alarm-spark">
        <Sparkline values={alarm.spark ?? []} limit={limit} />
        <small>
          {said ? (
            said
          ) : over && alarm.cleared_ms !== null ? (
            <At ms={alarm.cleared_ms}>normal since {clock(alarm.cleared_ms)}</At>
          ) : over ? (
            "normal again"
          ) : unheard ? (
            "not current"
          ) : (
            trend(alarm.spark ?? [])
          )}
        </small>
      </span>
      <span class="alarm-score">
        <b>{score(alarm.score)}</b>
        <At ms={alarm.raised_ms}>{ageWhole(nowMs.value - alarm.raised_ms)}</At>
      </span>
    </a>
  );
}
