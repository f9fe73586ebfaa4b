// The left column: what is under way, what was before; or what is offered.
import type { ComponentChildren } from "preact";
import { bytes, plural } from "../logic/format.ts";
import { groupOf, isOver, listWords } from "../logic/rollout.ts";
import type { Release, Rollout } from "../logic/rollout_types.ts";
import { releaseHref, rolloutHref } from "../logic/route.ts";
import { connected, rollouts } from "../store.ts";
import type { Holder } from "../ui/held.tsx";
import { Icon, Shape } from "../ui/shapes.tsx";
import { Segmented, type Choice } from "../ui/parts.tsx";
import { RolloutShape } from "./shapes.tsx";

type Tab = "rollouts" | "models" | "schedules";
const kTabs: readonly Choice<Tab>[] = [
  { value: "rollouts", label: "Rollouts" },
  { value: "models", label: "Models" },
  { value: "schedules", label: "Schedules" },
];

export function Column({ tab, label, children, on }: { tab: Tab; label: string; children: ComponentChildren; on?: Holder["on"] }) {
  return (
    <section class="panel models-list" aria-label={label} {...on}>
      <header class="models-tabs">
        <Segmented label="Rollouts, models or schedules" choices={kTabs} value={tab} pick={(name) => (location.hash = `#/${name}`)} />
      </header>
      {children}
    </section>
  );
}

function Row({ rollout, chosen }: { rollout: Rollout; chosen: boolean }) {
  const known = connected.value || isOver(rollout.state);
  return (
    <a class="models-row" href={rolloutHref(rollout.id)} aria-current={chosen ? "true" : undefined} data-id={rollout.id}>
      {known ? <RolloutShape state={rollout.state} size={16} /> : <Shape name="unknown" size={16} />}
      <span>
        <b>
          {rollout.name} {rollout.version}
        </b>
        <small>
          {known ? "" : "was: "}
          {listWords(rollout)}
        </small>
      </span>
    </a>
  );
}

export function RolloutList({ held, chosen }: { held: Holder; chosen: string | null }) {
  const known = new Map((rollouts.value ?? []).map((one) => [one.id, one]));
  const shown = held.ids.flatMap((id) => known.get(id) ?? []);
  const running = shown.filter((one) => groupOf(one) === "Running").length;
  let group = "";
  return (
    <Column tab="rollouts" label="Rollouts" on={held.on}>
      <div class="models-rows">
        {held.waiting > 0 && (
          <button class="link models-new" onClick={held.show}>
            {held.waiting} new, show
          </button>
        )}
        {shown.map((rollout) => {
          const next = groupOf(rollout);
          const head = next !== group;
          group = next;
          return (
            <div key={rollout.id}>
              {head && <h2 class="models-group">{next === "Running" ? `Running ${running}` : next}</h2>}
              <Row rollout={rollout} chosen={rollout.id === chosen} />
            </div>
          );
        })}
      </div>
      <footer class="table-foot">
        <a href="#/models">Start another from a release</a>
      </footer>
    </Column>
  );
}

export function ReleaseList({ releases, chosen, faults }: { releases: readonly Release[]; chosen: string | null; faults: readonly string[] }) {
  const lines = [...new Set(releases.map((one) => one.line))].sort();
  return (
    <Column tab="models" label="Releases">
      <div class="models-rows">
        {lines.map((line) => (
          <div key={line}>
            <h2 class="models-group">{line}</h2>
            {releases
              .filter((one) => one.line === line)
              .sort((a, b) => b.release - a.release)
              .map((one) => (
                <a key={one.target} class="models-row" href={releaseHref(one.target)} aria-current={one.target === chosen ? "true" : undefined}>
                  <Icon name="model" size={16} />
                  <span>
                    <b>
                      {one.name} {one.version}
                    </b>
                    <small>
                      {one.kind === "config" ? "configuration, " : ""}release {one.release}, {bytes(one.pack_bytes)}
                    </small>
                  </span>
                </a>
              ))}
          </div>
        ))}
        {releases.length === 0 && <p class="models-none">No release is offered.</p>}
      </div>
      <footer class="table-foot">
        {plural(releases.length, "release")} signed
        {faults.length > 0 && `, ${faults.length} left out`}
      </footer>
    </Column>
  );
}
