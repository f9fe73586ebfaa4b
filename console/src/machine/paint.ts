// What lies behind and before the lines of a plot: hatch where stopped, dots where nothing was heard, named limits.
import type uPlot from "uplot";
import type { Span } from "../logic/spans.ts";
import type { Shown } from "../logic/types.ts";
import { faded, kPlotFont, type Colors } from "./palette.ts";

export interface Gap {
  from_ms: number;
  to_ms: number;
}

export interface Backdrop {
  stopped: Span<Shown>[];
  gaps: Gap[];
}

export interface Limit {
  value: number;
  label: string;
}

// In device pixels of the canvas, as uPlot's hooks draw.
const ratio = () => devicePixelRatio || 1;

function pixels(u: uPlot, from: number, to: number): [number, number] | null {
  const { left, width } = u.bbox;
  const a = Math.max(left, u.valToPos(from, "x", true));
  const b = Math.min(left + width, u.valToPos(to, "x", true));
  return b > a ? [a, Math.max(b, a + 2 * ratio())] : null;
}

export function paintBackdrop(u: uPlot, backdrop: Backdrop, color: Colors): void {
  for (const span of backdrop.stopped) {
    const at = pixels(u, span.from, span.to);
    if (at) hatch(u, at, color["text3"] ?? "", color["bg"] ?? "");
  }
  for (const gap of backdrop.gaps) {
    const at = pixels(u, gap.from_ms, gap.to_ms);
    if (at) dots(u, at, color["unk"] ?? "", color["unk-soft"] ?? "");
  }
}

function hatch(u: uPlot, [a, b]: [number, number], ink: string, ground: string): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(a, bbox.top, b - a, bbox.height);
  ctx.clip();
  ctx.fillStyle = ground;
  ctx.fillRect(a, bbox.top, b - a, bbox.height);
  ctx.strokeStyle = faded(ink, 0.45);
  ctx.lineWidth = ratio();
  ctx.beginPath();
  const step = 7 * ratio();
  for (let x = a - bbox.height; x < b; x += step) {
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x + bbox.height, bbox.top);
  }
  ctx.stroke();
  ctx.restore();
}

function dots(u: uPlot, [a, b]: [number, number], ink: string, ground: string): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.fillStyle = ground;
  ctx.fillRect(a, bbox.top, b - a, bbox.height);
  ctx.strokeStyle = ink;
  ctx.lineWidth = 1.5 * ratio();
  ctx.setLineDash([1.5 * ratio(), 2.500 * ratio()]);
  ctx.beginPath();
  for (const x of [a, b]) {
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
  }
  ctx.stroke();
  ctx.restore();
}

export function paintLimits(u: uPlot, limits: readonly Limit[], color: Colors): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.strokeStyle = color["text2"] ?? "";
  ctx.fillStyle = color["text2"] ?? "";
  ctx.lineWidth = ratio();
  ctx.font = kPlotFont.replace("11px", `${11 * ratio()}px`);
  ctx.textBaseline = "bottom";
  ctx.textAlign = "left"; // uPlot leaves its axes' own
  let labelAbove = -Infinity;
  for (const limit of [...limits].sort((a, b) => b.value - a.value)) {
    const y = Math.round(u.valToPos(limit.value, "y", true)) + 0.5;
    if (y < bbox.top - 1 || y > bbox.top + bbox.height) continue;
    ctx.setLineDash([5 * ratio(), 3 * ratio()]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    // The lowest of a crowd stands below its line.
    const crowded = y - labelAbove < 13 * ratio();
    label(u, limit.label, crowded ? y + 14 * ratio() : y - 1, color["panel"] ?? "");
    labelAbove = crowded ? y + 14 * ratio() : y;
  }
  ctx.restore();
}

function label(u: uPlot, text: string, y: number, ground: string): void {
  const { ctx, bbox } = u;
  const ink = ctx.fillStyle;
  const x = bbox.left + 4 * ratio();
  const width = ctx.measureText(text).width;
  ctx.fillStyle = faded(ground, 0.8);
  ctx.fillRect(x - 2, y - 12 * ratio(), width + 4, 12 * ratio());
  ctx.fillStyle = ink;
  ctx.fillText(text, x, y);
}
