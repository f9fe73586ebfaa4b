// One plant: its header, which turns into a banner when the link is lost, and its machines by area.
import { clock, plural } from "../logic/format.ts";
import { kOrder, kWords, tally } from "../logic/shown.ts";
import { boardView, isPhone } from "../settings.ts";
import { connected, heardMs, lostSince, machines, viewOf, type Plant } from "../store.ts";
import { Ago, At } from "../ui/parts.tsx";
import { Shape } from "../ui/shapes.tsx";
import { CanvasGrid } from "./canvas_grid.tsx";
import { kTilesMax } from "./state.ts";
import { Cell, Tile } from "./tile.tsx";

const kBadOnes = kOrder.filter((shown) => shown === "act" || shown === "warning" || shown === "watch" || shown === "unknown");

function MiniCounts({ keys }: { keys: readonly string[] }) {
  const all = tally(keys.flatMap((key) => machines.get(key)?.value ?? []).map(viewOf));
  return (
    <span class="mini-counts">
      {kBadOnes
        .filter((shown) => all[shown] > 0)
        .map((shown) => (
          <span key={shown} title={`${all[shown]} ${kWords[shown].toLowerCase()}`}>
            <Shape name={shown} label={kWords[shown]} /> {all[shown]}
          </span>
        ))}
    </span>
  );
}

function LostBanner({ plant, since }: { plant: Plant; since: number | null }) {
  return (
    <header class="plant-lost">
      <Shape name="unknown" size={16} />
      <h2>{plant.name}</h2>
      <p>
        <b>Link lost {since !== null && <Ago ms={since} />}.</b>{" "}
        {since !== null && (
          <>
            Shown as of <At ms={since}>{clock(since)}</At>.{" "}
          </>
        )}
        Its gateways go on deciding on site; events wait there.
      </p>
      <a class="button" href="#/devices">
        Show gateways
      </a>
    </header>
  );
}

export function PlantPanel({ plant, visible, filtered, many }: { plant: Plant; visible: ReadonlySet<string>; filtered: boolean; many: number }) {
  const keys = plant.areas.flatMap((area) => area.keys);
  const shown = keys.filter((key) => visible.has(key));
  if (filtered && shown.length === 0) return null;
  const cut = plant.link === "lost";
  const lost = lostSince(plant);
  return (
    <section class={`plant ${cut ? "is-lost" : ""}`} aria-label={plant.name}>
      {cut ? (
        <LostBanner plant={plant} since={connected.value ? plant.link_since_ms : (plant.link_since_ms ?? heardMs.value)} />
      ) : (
        <header class="plant-head">
          <h2>{plant.name}</h2>
          <span class="plant-size">
            {filtered ? `${shown.length} of ${plural(keys.length, "machine")}` : plural(keys.length, "machine")}
          </span>
          <MiniCounts keys={keys} />
          {plant.late_ms && plant.late_events ? (
            <span class="plant-late" title="They stand at the times they happened">
              {plural(plant.late_events, "event")} arrived late, <Ago ms={plant.late_ms} />
            </span>
          ) : null}
          <span class="plant-link">
            Gateways{" "}
            <b>
              {connected.value ? plant.gateways_online : 0} of {plant.gateways}
            </b>{" "}
            {connected.value ? "online" : "heard"}
            <span class="plant-link-up">{connected.value ? "Link up" : "Link not known"}</span>
          </span>
        </header>
      )}
      <Machines plant={plant} visible={visible} lost={lost} many={many} />
    </section>
  );
}

function Machines({ plant, visible, lost, many }: { plant: Plant; visible: ReadonlySet<string>; lost: number | null; many: number }) {
  const small = isPhone.value || boardView.value === "grid";
  if (many > kTilesMax) return <CanvasGrid plant={plant} visible={visible} />;
  if (small)
    return (
      <div class="cells">
        {plant.areas.flatMap((area) => area.keys).map((key) => visible.has(key) && <Cell key={key} id={key} lost={lost} />)}
      </div>
    );
  return (
    <div class="areas">
      {plant.areas.map((area) => {
        const keys = area.keys.filter((key) => visible.has(key));
        return (
          keys.length > 0 && (
            <div key={area.area} class="area" role="group" aria-label={area.name}>
              <h3>{area.name}</h3>
              <div class="tiles">
                {keys.map((key) => (
                  <Tile key={key} id={key} lost={lost} />
                ))}
              </div>
            </div>
          )
        );
      })}
    </div>
  );
}
