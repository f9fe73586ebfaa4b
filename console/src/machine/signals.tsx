// The score strip and the signals below it: one x axis, one cursor, one unit a plot.
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useMemo, useState } from "preact/hooks";
import { bind } from "../keys.ts";
import { dayClock, clockSeconds, featureName, quantity, score, sentence, span, unit } from "../logic/format.ts";
import { mergeGaps, ribbon, silenceMs, stoppedSpans, valueAt } from "../logic/spans.ts";
import type { MachineDetail, Series } from "../logic/types.ts";
import { At, Empty } from "../ui/parts.tsx";
import type { Limit } from "./paint.ts";
import { moveCursor, Plot, type Trace } from "./plot.tsx";
import { Ribbon } from "./ribbon.tsx";

interface Group {
  title: string;
  unit: string;
  members: Series["series"];
}

const kGroupSize = 3;
const kGroupsFirst = 4;

/** Vibration velocity first. Signals of one unit share a plot, three at most; what has no unit compares with nothing: a plot each. */
export function groups(series: Series["series"]): Group[] {
  const out: Group[] = [];
  const order = (one: Series["series"][number]) => (one.unit === "mm/s" ? 0 : one.unit === "" || one.unit === "1" ? 2 : 1);
  for (const one of [...series].sort((a, b) => order(a) - order(b))) {
    if (one.name === "score") continue;
    const shared = one.unit && one.unit !== "1" ? out.find((group) => group.unit === one.unit && group.members.length < kGroupSize) : undefined;
    if (shared) shared.members.push(one);
    else out.push({ title: "", unit: one.unit, members: [one] });
  }
  for (const group of out) group.title = common(group.members.map((one) => featureName(one.name))) || "Signals";
  return out;
}

/** The words that all names begin with: "Temperature de", "Temperature nde" -> "Temperature". */
export function common(names: readonly string[]): string {
  const words = names.map((name) => name.split(" "));
  let length = 0;
  while (words.every((one) => one[length] !== undefined && one[length] === words[0]?.[length])) length += 1;
  return (words[0] ?? []).slice(0, length).join(" ").replace(/,$/, "");
}

function scoreTitle(detail: MachineDetail): string {
  const fault = detail.alarm?.fault_name || (detail.level !== "none" && detail.fault !== "healthy" ? detail.fault_name : null);
  return fault ? `${sentence(fault)} score per window` : "Score per window";
}

const trace = (one: Series["series"][number]): Trace => ({ mean: one.mean, min: one.min, max: one.max });

function zoneLimits(detail: MachineDetail, group: Group): Limit[] {
  if (group.unit !== "mm/s") return [];
  const { zone_c_mm_s: c, zone_d_mm_s: d } = detail.limits ?? {};
  return [
    ...(c ? [{ value: c, label: `zone C from ${c}` }] : []),
    ...(d ? [{ value: d, label: `zone D from ${d}` }] : []),
  ];
}

function scoreLimits(detail: MachineDetail): Limit[] {
  const { watch_from: watch, warning_from: warning, act_from: act } = detail.limits ?? {};
  return [
    ...(act ? [{ value: act, label: `act now from ${act.toFixed(2)}` }] : []),
    ...(warning ? [{ value: warning, label: `warning from ${warning.toFixed(2)}` }] : []),
    ...(watch ? [{ value: watch, label: `watch from ${watch.toFixed(2)}` }] : []),
  ];
}

export function Signals(props: {
  detail: MachineDetail;
  data: Series;
  range: { from: number; to: number };
  onZoom: (from: number, to: number) => void;
  onPin: () => void;
}) {
  const { detail, data } = props;
  const cursor = useSignal<number | null>(null);
  const [all, setAll] = useState(false);
  const bridgeMs = silenceMs(data.bucket_ms);
  const model = useMemo(() => {
    const parts = ribbon(data);
    const gaps = mergeGaps(data.gaps);
    const list = groups(data.series);
    return {
      parts,
      gaps,
      backdrop: { stopped: stoppedSpans(parts), gaps },
      groups: list.map((group) => ({ group, traces: group.members.map(trace), limits: zoneLimits(detail, group) })),
      score: data.series.filter((one) => one.name === "score").map((one) => ({ mean: one.mean })),
      scoreLimits: scoreLimits(detail),
    };
  }, [data, detail.limits]);

  useLayoutEffect(() => {
    const step = (by: number) => () => {
      const last = data.t_ms.length - 1;
      const to = Math.min(last, Math.max(0, (cursor.peek() ?? last) + by));
      cursor.value = to;
      props.onPin();
      moveCursor(data.t_ms, to);
    };
    return bind([
      { keys: "ArrowLeft", label: "Cursor back", group: "Plots", run: step(-1) },
      { keys: "ArrowRight", label: "Cursor on", group: "Plots", run: step(1) },
    ]);
  }, [data]);

  const shared = {
    t: data.t_ms,
    backdrop: model.backdrop,
    range: props.range,
    bridgeMs,
    onCursor: (index: number | null) => (cursor.value = index),
    onZoom: props.onZoom,
    onPin: props.onPin,
  };
  if (data.t_ms.length === 0 || data.series.every((one) => one.mean.every((value) => value === null)))
    return <Empty title="No data in this range">Choose a longer range, or go back to live with l.</Empty>;

  const shown = all ? model.groups : model.groups.slice(0, kGroupsFirst);
  const index = cursor.value ?? data.t_ms.length - 1;
  const at = data.t_ms[index];
  const read = (values: (number | null)[]) => valueAt(data.t_ms, values, index, bridgeMs);
  return (
    <div class="signals">
      <div class="plot-head">
        <h2>{scoreTitle(detail)}</h2>
        <span>{detail.model?.name}</span>
        <span class="plot-legend">
          {cursor.value !== null && at !== undefined && (
            <b class="plot-at">
              <At ms={at}>{data.bucket_ms < 30_000 ? clockSeconds(at) : dayClock(at)}</At>
            </b>
          )}
          score <b>{score(read(model.score[0]?.mean ?? []))}</b>
        </span>
      </div>
      <Plot {...shared} label="Score over time" height={84} y={[0, 1]} area axis={false} traces={model.score} limits={model.scoreLimits} />
      <Ribbon parts={model.parts} gaps={model.gaps} range={props.range} />
      {shown.map(({ group, traces, limits }, n) => (
        <div key={group.members.map((one) => one.name).join()}>
          <div class="plot-head">
            <h2>
              {group.title}
              {unit(group.unit) && `, ${unit(group.unit)}`}
            </h2>
            {n === 0 && <span>line is the mean, band is min to max per {span(Math.max(1000, data.bucket_ms))}</span>}
            <span class="plot-legend">
              {group.members.map((one, series) => (
                <span key={one.name} class={`legend legend-${series}`}>
                  {group.members.length === 1 ? "mean" : featureName(one.name).slice(group.title.length).replace(/^[, ]+/, "") || featureName(one.name)} <b>{quantity(read(one.mean), one.unit) || "–"}</b>
                </span>
              ))}
            </span>
          </div>
          <Plot
            {...shared}
            label={`${group.members.map((one) => featureName(one.name)).join(", ")} over time`}
            height={n === 0 ? 108 : 70 + (n === shown.length - 1 ? 20 : 0)}
            axis={n === shown.length - 1}
            traces={traces}
            limits={limits}
          />
        </div>
      ))}
      {model.groups.length > kGroupsFirst && (
        <button class="link" onClick={() => setAll(!all)}>
          {all ? "Show fewer signals" : `${shown.length} of ${model.groups.length} plots, show all`}
        </button>
      )}
    </div>
  );
}
