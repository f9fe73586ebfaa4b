// The board as a table: for counting, copying and reading out.
import { useState } from "preact/hooks";
import { ageWhole, count, quantity, score } from "../logic/format.ts";
import { machineHref } from "../logic/route.ts";
import { tileWords } from "../logic/select.ts";
import { lostSince, machines, nowMs, plants, viewOf } from "../store.ts";
import { Shape } from "../ui/shapes.tsx";

const kPage = 200;

export function MachineTable({ visible, total }: { visible: ReadonlySet<string>; total: number }) {
  const [limit, setLimit] = useState(kPage);
  const rows = (plants.value ?? []).flatMap((plant) =>
    plant.areas.flatMap((area) => area.keys.filter((key) => visible.has(key)).map((key) => ({ key, plant, area }))),
  );
  return (
    <section class="panel table-panel" aria-label="Machines">
      <div class="table-scroll" tabIndex={0} role="region" aria-label="Table of machines">
        <table class="table">
          <thead>
            <tr>
              <th scope="col">State</th>
              <th scope="col">Machine</th>
              <th scope="col">Plant</th>
              <th scope="col">Area</th>
              <th scope="col">Gateway</th>
              <th scope="col" class="right">Score</th>
              <th scope="col" class="right">Value</th>
              <th scope="col" class="right">Last data</th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, limit).map(({ key, plant, area }) => {
              const machine = machines.get(key)?.value;
              if (!machine) return null;
              const view = viewOf(machine);
              const words = tileWords(machine, view, lostSince(plant));
              return (
                <tr key={key} data-key={key} data-shown={view.shown}>
                  <td class={`state-${view.shown} ${words.strong ? "strong" : ""}`}>
                    <Shape name={view.shown} /> {words.was !== null ? `Unknown, ${words.text.toLowerCase()}` : words.text}
                  </td>
                  <td>
                    <a href={machineHref(machine.site, machine.asset)}>
                      <b>{machine.asset}</b> {machine.name}
                    </a>
                  </td>
                  <td>{plant.name}</td>
                  <td>{area.name}</td>
                  <td>{machine.device}</td>
                  <td class="right">{score(machine.score)}</td>
                  <td class="right">{quantity(machine.value, machine.value_unit)}</td>
                  <td class="right">{machine.last_data_ms === null ? "never" : `${ageWhole(nowMs.value - machine.last_data_ms)} ago`}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <footer class="table-foot">
        {count(Math.min(limit, rows.length))} of {count(total)} machines
        {rows.length > limit && (
          <button class="link" onClick={() => setLimit(limit + kPage)}>
            Show {count(Math.min(kPage, rows.length - limit))} more
          </button>
        )}
      </footer>
    </section>
  );
}
