// One plot over time in uPlot: up to three series of one unit, each a mean in its min-max band, cursor shared by all.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { clock, clockSeconds, day } from "../logic/format.ts";
import { isDark } from "../settings.ts";
import { paintBackdrop, paintLimits, type Backdrop, type Limit } from "./paint.ts";
import { colors, faded, kPlotFont, type Colors } from "./palette.ts";

export interface Trace {
  mean: (number | null)[];
  min?: (number | null)[];
  max?: (number | null)[];
}

export interface PlotProps {
  label: string;
  height: number;
  t: number[];
  traces: Trace[];
  limits: Limit[];
  backdrop: Backdrop;
  range: { from: number; to: number };
  /** Fixed y range; otherwise from the data, from zero up. */
  y?: [number, number];
  area?: boolean;
  axis: boolean;
  /** Nulls shorter than this do not break a line. */
  bridgeMs: number;
  onCursor: (index: number | null) => void;
  onZoom: (from: number, to: number) => void;
  onPin: () => void;
}

export const kAxisWidth = 42;
const kRight = 12;
const kSync = "machine";
export const traceColor = (color: Colors, index: number, area: boolean): string =>
  (area ? color["text"] : [color["series2"], color["series3"], color["text"]][index]) ?? "";

function dataOf(props: PlotProps): uPlot.AlignedData {
  const columns: (number | null)[][] = [];
  for (const trace of props.traces) columns.push(trace.mean, trace.max ?? trace.mean, trace.min ?? trace.mean);
  return [props.t, ...columns] as uPlot.AlignedData;
}

const kDay = 86_400_000;
function ticks(u: uPlot, splits: number[]): string[] {
  const range = (u.scales["x"]?.max ?? 0) - (u.scales["x"]?.min ?? 0);
  const format = range > 3 * kDay ? day : range > 10 * 60_000 ? clock : clockSeconds;
  return splits.map((at) => (range <= 3 * kDay && new Date(at).getHours() + new Date(at).getMinutes() === 0 ? day(at) : format(at)));
}

function yRange(props: PlotProps): (u: uPlot, min: number | null, max: number | null) => [number, number] {
  return (_, min, max) => {
    if (props.y) return props.y;
    const reach = Math.max(max ?? 1, ...props.limits.filter((one) => one.value < 2 * (max ?? 1)).map((one) => one.value));
    const floor = (min ?? 0) < 0 ? (min ?? 0) * 1.1 : reach > 0 && (min ?? 0) > 0.7 * reach ? (min ?? 0) - 0.5 * (reach - (min ?? 0)) : 0;
    return [floor, reach + 0.12 * (reach - floor) || 1];
  };
}

// Short silences are bridged, gaps are not: the line may claim nothing that was not heard.
function gapFilter(bridgeMs: number): uPlot.Series.GapsRefiner {
  return (u, _series, _from, _to, gaps) =>
    gaps.filter(([a, b]) => u.posToVal(b / devicePixelRatio, "x") - u.posToVal(a / devicePixelRatio, "x") > bridgeMs);
}

function options(props: () => PlotProps, width: number, color: Colors): uPlot.Options {
  const now = props();
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  now.traces.forEach((_, index) => {
    const stroke = traceColor(color, index, now.area === true);
    const at = series.length;
    const gaps = gapFilter(now.bridgeMs);
    series.push({ stroke, width: 1.25, points: { show: false }, gaps, ...(now.area ? { fill: faded(color["text3"] ?? "", 0.25) } : {}) });
    series.push({ stroke: "transparent", width: 0, points: { show: false }, gaps }, { stroke: "transparent", width: 0, points: { show: false }, gaps });
    bands.push({ series: [at + 1, at + 2], fill: faded(stroke, 0.25) });
  });
  const axis: uPlot.Axis = {
    stroke: color["text3"] ?? "",
    font: kPlotFont,
    ticks: { show: false },
    grid: { stroke: color["line"] ?? "", width: 1 },
  };
  return {
    width,
    height: now.height,
    ms: 1,
    legend: { show: false },
    padding: [8, kRight, now.axis ? 0 : 4, 0],
    series,
    bands,
    scales: { x: { time: true, range: () => [props().range.from, props().range.to] }, y: { range: (u, min, max) => yRange(props())(u, min, max) } },
    axes: [
      { ...axis, show: now.axis, size: 22, values: ticks, grid: now.area ? { show: false } : (axis.grid ?? {}) },
      {
        ...axis,
        size: kAxisWidth,
        gap: 4,
        ...(now.y ? { splits: () => [...(now.y ?? [])] } : { space: 20 }),
        ...(now.area ? { grid: { show: false } } : {}),
        values: (_, splits) => splits.map((value) => String(Number(value.toPrecision(4)))),
      },
    ],
    cursor: {
      sync: { key: kSync, setSeries: false },
      lock: true,
      y: false,
      drag: { x: true, y: false, setScale: false },
      points: {
        show: (_, index) => (index % 3 === 1 ? cursorPoint() : (undefined as unknown as HTMLElement)),
        stroke: () => color["accent"] ?? "",
        fill: () => color["panel"] ?? "",
      },
    },
    hooks: {
      drawClear: [(u) => paintBackdrop(u, props().backdrop, color)],
      draw: [(u) => paintLimits(u, props().limits, color)],
      setCursor: [(u) => props().onCursor(u.cursor.idx ?? null)],
      setSelect: [
        (u) => {
          if (u.select.width < 8) return;
          const { left, width: wide } = u.select;
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          props().onZoom(u.posToVal(left, "x"), u.posToVal(left + wide, "x"));
        },
      ],
    },
  };
}

// Its size and border stand in the style sheet; uPlot moves and colours it.
function cursorPoint(): HTMLElement {
  const point = document.createElement("div");
  point.className = "cursor-point";
  return point;
}

export function Plot(props: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const shape = `${props.traces.length} ${props.axis} ${props.height} ${props.area} ${isDark.value} ${Math.round(Math.log2(props.bridgeMs))}`;

  useEffect(() => {
    const host = box.current;
    if (!host) return;
    const made = new uPlot(options(() => latest.current, host.clientWidth, colors()), dataOf(latest.current), host);
    plot.current = made;
    const onUp = () => made.cursor.event && latest.current.onPin();
    made.over.addEventListener("click", onUp);
    const resize = new ResizeObserver(() => made.setSize({ width: host.clientWidth, height: latest.current.height }));
    resize.observe(host);
    return () => {
      resize.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape]);

  useEffect(() => {
    plot.current?.setData(dataOf(props), true);
  }, [props.t, props.traces, props.range.from, props.range.to, props.limits, props.backdrop]);

  return <div class="plot" ref={box} role="img" aria-label={props.label} />;
}

/** Moves every plot's cursor to the bucket `index`. */
export function moveCursor(t: readonly number[], index: number): void {
  const plots = uPlot.sync(kSync).plots as uPlot[];
  const at = t[index];
  if (at === undefined) return;
  for (const one of plots) one.setCursor({ left: one.valToPos(at, "x"), top: one.over.clientHeight / 2 }, false);
}
