// The board: is anything about to break, and do I see all of it?
import { useLayoutEffect, useMemo } from "preact/hooks";
import { bind } from "../keys.ts";
import { isFiltered, passes } from "../logic/select.ts";
import { boardView, isPhone } from "../settings.ts";
import { allViews, boardError, connected, machineKey, plants } from "../store.ts";
import { Empty, Failed, Loading } from "../ui/parts.tsx";
import { useHeld } from "../ui/held.tsx";
import { Counts } from "./counts.tsx";
import { Needs } from "./needs.tsx";
import { PlantPanel } from "./plant.tsx";
import { MachineTable } from "./table.tsx";
import { filter, filterAsked } from "./state.ts";

const clearFilter = () => {
  filter.value = { shown: null, text: "" };
  filterAsked.value = 0;
};

export function Board() {
  useLayoutEffect(
    () =>
      bind([
        { keys: "/", label: "Filter the machines", group: "Board", run: () => (filterAsked.value += 1) },
        { keys: "Escape", label: "Clear the filter", group: "Board", run: clearFilter },
      ]),
    [],
  );
  const all = allViews.value;
  const chosen = filter.value;
  const wanted = useMemo(
    () => all.filter((one) => passes(one.machine, one.view, chosen)).map((one) => machineKey(one.machine.site, one.machine.asset)),
    [all, chosen],
  );
  const held = useHeld(wanted, JSON.stringify(chosen));
  const visible = new Set(held.ids);

  if (plants.value === null)
    return boardError.value ? (
      <Failed what="The board could not be read" error={boardError.value} works="Gateways go on deciding on site." />
    ) : (
      <Loading what="the board" />
    );
  if (all.length === 0)
    return (
      <Empty title="No machine has reported yet">
        Machines appear here by themselves once a gateway is connected and publishes. Next step: start millwright-agent on a
        gateway with this hub as its uplink.
      </Empty>
    );
  const table = boardView.value === "table" && !isPhone.value;
  return (
    <>
      <Counts shown={held.ids.length} total={all.length} waiting={held.waiting} show={held.show} clear={clearFilter} />
      <div class={`board ${connected.value ? "" : "disconnected"}`}>
        <div class="board-plants" {...held.on}>
          {table ? (
            <MachineTable visible={visible} total={all.length} />
          ) : (
            plants.value.map((plant) => (
              <PlantPanel key={plant.site} plant={plant} visible={visible} filtered={isFiltered(chosen)} many={all.length} />
            ))
          )}
          {held.ids.length === 0 && (
            <Empty title="No machine matches">
              {all.length} machines are hidden by the filter.{" "}
              <button class="link" onClick={clearFilter}>
                Show all
              </button>
            </Empty>
          )}
        </div>
        <Needs />
      </div>
    </>
  );
}
