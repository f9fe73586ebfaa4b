// One machine, at a fixed size: a change of state never reflows the board.
import { quantity } from "../logic/format.ts";
import { machineHref } from "../logic/route.ts";
import { tileLabel, tileWords } from "../logic/select.ts";
import type { Machine } from "../logic/types.ts";
import { machines, viewOf } from "../store.ts";
import { Sparkline } from "../ui/parts.tsx";
import { Shape, type ShapeName } from "../ui/shapes.tsx";

const shapeOf = (machine: Machine, shown: ShapeName): ShapeName =>
  shown === "shelved" && machine.state === "out_of_service" ? "out_of_service" : shown;

export function Tile({ id, lost }: { id: string; lost: number | null }) {
  const machine = machines.get(id)?.value;
  if (!machine) return null;
  const view = viewOf(machine);
  const value = quantity(machine.value, machine.value_unit);
  const words = tileWords(machine, view, lost);
  const stale = words.was !== null;
  return (
    <a
      class={`tile tile-${view.shown} ${stale ? `stale was-${words.was}` : ""}`}
      href={machineHref(machine.site, machine.asset)}
      title={machine.value_name && value ? `${tileLabel(machine, view, lost, value)} ${machine.value_name}` : tileLabel(machine, view, lost, value)}
      data-key={id}
      data-shown={view.shown}
    >
      <span class="tile-top">
        <Shape name={shapeOf(machine, view.shown)} />
        <b>{machine.asset}</b>
        <span class="tile-value">{view.shown === "stopped" ? "" : value}</span>
      </span>
      <span class="tile-name">{machine.name}</span>
      <span class={`tile-state ${words.strong ? "strong" : ""}`}>
        {words.was !== null && <Shape name={shapeOf(machine, words.was)} size={12} />}
        {words.text}
      </span>
      {view.shown !== "stopped" && <Sparkline values={machine.spark} />}
    </a>
  );
}

/** The smallest form: shape and weight only, the words on hover and for readers of screens. */
export function Cell({ id, lost }: { id: string; lost: number | null }) {
  const machine = machines.get(id)?.value;
  if (!machine) return null;
  const view = viewOf(machine);
  const label = tileLabel(machine, view, lost, quantity(machine.value, machine.value_unit));
  return (
    <a
      class={`cell tile-${view.shown} ${lost !== null && view.shown === "unknown" ? "stale" : ""}`}
      href={machineHref(machine.site, machine.asset)}
      title={label}
      aria-label={label}
      data-key={id}
      data-shown={view.shown}
    >
      <Shape name={shapeOf(machine, view.shown)} />
    </a>
  );
}
