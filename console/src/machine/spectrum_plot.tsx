// The spectrum's plot: now over baseline, the family in question with its slip bands. Marks are HTML above the canvas.
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { family, harmonics } from "../logic/marks.ts";
import type { Mark, Spectrum } from "../logic/types.ts";
import { isDark } from "../settings.ts";
import { MarkIcon } from "./mark_shape.tsx";
import { colors, faded, kPlotFont } from "./palette.ts";
import { kAxisWidth } from "./plot.tsx";

const kHeight = 214;
const kRight = 18;

function columns(data: Spectrum, wave: boolean, baseline: boolean): uPlot.AlignedData {
  const values = data.now?.values ?? [];
  const step = wave ? 1000 * (data.now?.step_s ?? 0) : (data.now?.step_hz ?? 0);
  const x = values.map((_, index) => index * step);
  const before = data.baseline;
  if (!baseline || !before || wave) return [x, x.map(() => null), values] as uPlot.AlignedData;
  const ratio = step / (before.step_hz || step);
  return [x, x.map((_, index) => before.values[Math.round(index * ratio)] ?? null), values] as uPlot.AlignedData;
}

export function SpectrumPlot(props: { data: Spectrum; kind: string; fault: string | null; marksOn: boolean; baseline: boolean; label: string }) {
  const { data, kind, fault, marksOn, baseline } = props;
  const box = useRef<HTMLDivElement>(null);
  const [zoom, setZoom] = useState<[number, number] | null>(null);
  const [width, setWidth] = useState(0);
  const wave = kind === "waveform";
  const marks = wave ? [] : (data.marks ?? []);
  const main = family(marks, fault);
  const values = columns(data, wave, baseline);
  const end = values[0].length > 0 ? Number(values[0][values[0].length - 1]) : 1;
  const [from, to] = zoom ?? [0, wave ? end : spectrumEnd(end, main)];
  const lines = marksOn && main ? harmonics(main, to) : [];

  useEffect(() => setZoom(null), [kind]);
  useEffect(() => {
    const host = box.current;
    if (!host) return;
    const color = colors();
    const axis: uPlot.Axis = { stroke: color["text3"] ?? "", font: kPlotFont, ticks: { show: false }, grid: { stroke: color["line"] ?? "", width: 1 } };
    const plain: uPlot.Series = { points: { show: false } };
    const made = new uPlot(
      {
        width: host.clientWidth,
        height: kHeight,
        legend: { show: false },
        padding: [6, kRight, 0, 0],
        scales: { x: { time: false, range: () => [from, to] }, y: { range: (_, min, max) => (wave ? [min * 1.1, max * 1.1] : [0, max * 1.08 || 1]) } },
        series: [{}, { ...plain, stroke: color["baseline"] ?? "", width: 1.25 }, { ...plain, stroke: color["text"] ?? "", width: 1.25 }],
        axes: [
          { ...axis, size: 24, grid: { show: false }, values: (_, ticks) => ticks.map((tick, n) => (n === ticks.length - 1 ? `${tick} ${wave ? "ms" : "Hz"}` : String(tick))) },
          { ...axis, size: kAxisWidth, gap: 4, values: (_, ticks) => ticks.map((tick) => String(Number(tick.toPrecision(3)))) },
        ],
        cursor: { y: false, drag: { x: true, y: false, setScale: false } },
        hooks: {
          drawClear: [
            (u) => {
              for (const line of lines) {
                const a = u.valToPos(line.from, "x", true);
                const b = u.valToPos(line.to, "x", true);
                u.ctx.fillStyle = faded(color["series2"] ?? "", 0.18);
                u.ctx.fillRect(a, u.bbox.top, Math.max(2, b - a), u.bbox.height);
              }
            },
          ],
          setSelect: [
            (u) => {
              if (u.select.width < 8) return;
              const next: [number, number] = [u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")];
              u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
              setZoom(next);
            },
          ],
        },
      },
      values,
      host,
    );
    made.over.addEventListener("dblclick", () => setZoom(null));
    setWidth(made.over.clientWidth);
    const resize = new ResizeObserver(() => {
      made.setSize({ width: host.clientWidth, height: kHeight });
      setWidth(made.over.clientWidth);
    });
    resize.observe(host);
    return () => {
      resize.disconnect();
      made.destroy();
    };
  }, [data, kind, baseline, marksOn, from, to, isDark.value]);

  const x = (hz: number) => kAxisWidth + ((hz - from) / (to - from)) * width;
  return (
    <div class="spectrum-plot">
      <div class="spectrum-marks" aria-hidden="true">
        {lines.map((line) => (
          <span key={line.order} class="main" style={{ left: `${x(line.at)}px` }}>
            <MarkIcon name={main?.name ?? ""} main /> {line.order === 1 ? main?.name : `${line.order}×`}
          </span>
        ))}
        {marksOn && others(marks, main, from, to).map((mark) => (
          <span key={mark.name} class="low" style={{ left: `${x(mark.expected_hz ?? 0)}px` }} title={`${mark.name}, expected at ${mark.expected_hz?.toFixed(1)} Hz`}>
            <MarkIcon name={mark.name} main={false} />
          </span>
        ))}
      </div>
      <div ref={box} role="img" aria-label={props.label} />
      {zoom && (
        <button class="link spectrum-all" onClick={() => setZoom(null)}>
          Show all
        </button>
      )}
    </div>
  );
}

const others = (marks: readonly Mark[], main: Mark | null, from: number, to: number) =>
  marks.filter((mark) => mark !== main && mark.expected_hz !== null && mark.expected_hz >= from && mark.expected_hz <= to);

/** Five and a half orders of the family in question; otherwise all there is. */
function spectrumEnd(end: number, main: Mark | null): number {
  const wanted = main?.expected_hz ? 5.7 * main.expected_hz : end;
  return Math.min(end, Math.max(wanted, end / 50));
}
