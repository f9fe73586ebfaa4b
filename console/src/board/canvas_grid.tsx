// A plant with very many machines: one canvas, a cell each. Shape and weight as on the tiles; arrows and Enter work.
import { useEffect, useRef, useState } from "preact/hooks";
import { quantity } from "../logic/format.ts";
import { machineHref } from "../logic/route.ts";
import { tileLabel } from "../logic/select.ts";
import type { Shown } from "../logic/types.ts";
import { isDark } from "../settings.ts";
import { connected, lostSince, machines, revision, viewOf, type Plant } from "../store.ts";

const kCell = 20;
const kGap = 3;
const kPitch = kCell + kGap;

type Paint = (draw: CanvasRenderingContext2D, color: (name: string) => string) => void;

// In a box of 20 x 20, drawn at the cell's corner. Solid, tinted, bordered, plain: as on the tiles.
function cellPaint(shown: Shown): Paint {
  return (draw, color) => {
    const fills: Partial<Record<Shown, string>> = { act: "act", warning: "warn-soft", stopped: "bg", unknown: "unk-soft" };
    const lines: Partial<Record<Shown, string>> = { act: "act", warning: "warn", watch: "watch", unknown: "unk" };
    draw.fillStyle = color(fills[shown] ?? "panel");
    draw.strokeStyle = color(lines[shown] ?? "line");
    draw.setLineDash(shown === "unknown" ? [3, 2] : []);
    draw.lineWidth = 1;
    draw.beginPath();
    draw.roundRect(0.5, 0.5, kCell - 1, kCell - 1, 3);
    draw.fill();
    draw.stroke();
    draw.setLineDash([]);
    shape(draw, shown, color);
  };
}

function shape(draw: CanvasRenderingContext2D, shown: Shown, color: (name: string) => string): void {
  const inks: Partial<Record<Shown, string>> = { act: "on-act", warning: "warn-text", watch: "watch", healthy: "ok", unknown: "unk" };
  draw.strokeStyle = draw.fillStyle = color(inks[shown] ?? "text3");
  draw.lineWidth = 1.5;
  draw.beginPath();
  if (shown === "watch") draw.rect(0, 0, 0, 0), draw.moveTo(10, 5), draw.lineTo(15, 10), draw.lineTo(10, 15), draw.lineTo(5, 10), draw.closePath();
  else if (shown === "healthy") draw.arc(10, 10, 3.5, 0, 2 * Math.PI);
  else if (shown === "learning") draw.arc(10, 10, 3.5, -Math.PI / 2, Math.PI);
  else if (shown === "stopped") draw.rect(6.5, 6.500, 7, 7);
  else if (shown === "shelved") draw.arc(10, 10, 4, 0, 2 * Math.PI), draw.moveTo(10, 7.500), draw.lineTo(10, 10), draw.lineTo(12, 11);
  else {
    const text = shown === "unknown" ? "?" : "!";
    draw.font = '600 13px "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", system-ui, sans-serif';
    draw.textAlign = "center";
    draw.textBaseline = "middle";
    draw.fillText(text, 10, 10.5);
    return;
  }
  draw.stroke();
}

export function CanvasGrid({ plant, visible }: { plant: Plant; visible: ReadonlySet<string> }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [at, setAt] = useState(-1);
  const keys = plant.areas.flatMap((area) => area.keys).filter((key) => visible.has(key));
  const columns = Math.max(1, Math.floor((width + kGap) / kPitch));
  const rows = Math.ceil(keys.length / columns);
  const changed = revision.value;

  useEffect(() => {
    const box = canvas.current?.parentElement;
    if (!box) return;
    const watch = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    watch.observe(box);
    return () => watch.disconnect();
  }, []);

  useEffect(() => {
    const surface = canvas.current;
    const draw = surface?.getContext("2d");
    if (!surface || !draw || width === 0) return;
    const ratio = devicePixelRatio || 1;
    surface.width = columns * kPitch * ratio;
    surface.height = Math.max(1, rows * kPitch) * ratio;
    surface.style.height = `${rows * kPitch}px`;
    surface.style.width = `${columns * kPitch}px`;
    const style = getComputedStyle(surface);
    const color = (name: string) => style.getPropertyValue(`--${name}`);
    keys.forEach((key, index) => {
      const machine = machines.get(key)?.peek();
      if (!machine) return;
      draw.setTransform(ratio, 0, 0, ratio, (index % columns) * kPitch * ratio, Math.floor(index / columns) * kPitch * ratio);
      cellPaint(viewOf(machine).shown)(draw, color);
      if (index === at) {
        draw.strokeStyle = color("accent");
        draw.lineWidth = 2;
        draw.strokeRect(1, 1, kCell - 2, kCell - 2);
      }
    });
  }, [keys.length, columns, rows, width, at, changed, isDark.value, connected.value]);

  const chosen = machines.get(keys[at] ?? "")?.value;
  const label = chosen
    ? tileLabel(chosen, viewOf(chosen), lostSince(plant), quantity(chosen.value, chosen.value_unit))
    : "";
  const find = (event: MouseEvent) => {
    const box = canvas.current?.getBoundingClientRect();
    if (!box) return -1;
    const column = Math.floor((event.clientX - box.left) / kPitch);
    const index = Math.floor((event.clientY - box.top) / kPitch) * columns + column;
    return column < columns && index < keys.length ? index : -1;
  };
  const open = (index: number) => {
    const machine = machines.get(keys[index] ?? "")?.peek();
    if (machine) location.hash = machineHref(machine.site, machine.asset);
  };
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setAt(Math.min(keys.length - 1, Math.max(0, at + step)));
    } else if (event.key === "Enter") open(at);
  };
  return (
    <div class="canvas-grid">
      <canvas
        ref={canvas}
        tabIndex={0}
        role="img"
        aria-label={`${keys.length} machines of ${plant.name}. Arrows move, Enter opens.`}
        aria-describedby={`cell-${plant.site}`}
        onPointerMove={(event) => setAt(find(event))}
        onClick={(event) => open(find(event))}
        onKeyDown={onKey}
      />
      <p class="canvas-label" id={`cell-${plant.site}`} aria-live="polite">
        {label || "Point at a cell, or use the arrow keys, to read it."}
      </p>
    </div>
  );
}
