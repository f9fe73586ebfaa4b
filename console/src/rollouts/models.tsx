// Which model decides where, and what is offered in its place.
import { useMemo } from "preact/hooks";
import { count, plural } from "../logic/format.ts";
import { listWords, inOrder } from "../logic/rollout.ts";
import type { ModelInUse, Release } from "../logic/rollout_types.ts";
import { rolloutHref } from "../logic/route.ts";
import { connected, devices, plants, rollouts } from "../store.ts";
import { Empty, Failed, Loading } from "../ui/parts.tsx";
import { Shape } from "../ui/shapes.tsx";
import { Ancestry, ComparePanel } from "./compare.tsx";
import { ReleaseList } from "./list.tsx";
import { useModels, useReleases } from "./reading.ts";
import { NotCurrent } from "./rollouts.tsx";
import { RolloutShape } from "./shapes.tsx";
import { ReleaseFacts } from "./side.tsx";
import { StartPanel } from "./start.tsx";

/** "Alder 11, Birch 8, 1 not heard": where a model was told last. */
function places(hash: string): string {
  const using = [...(devices.value?.values() ?? [])].filter((one) => one.model_hash === hash);
  const unheard = using.filter((one) => !one.online || !connected.value).length;
  const bySite = new Map<string, number>();
  for (const one of using) bySite.set(one.site, (bySite.get(one.site) ?? 0) + 1);
  const named = [...bySite].sort().map(([site, number]) => `${plants.value?.find((one) => one.site === site)?.name ?? site} ${count(number)}`);
  return [...named, ...(unheard > 0 ? [`${count(unheard)} not heard`] : [])].join(", ") || "–";
}

function InUse({ models, releases }: { models: readonly ModelInUse[]; releases: readonly Release[] }) {
  if (models.length === 0)
    return <Empty title="No gateway has told its model yet">A gateway tells with which model it decides as soon as it reports its health.</Empty>;
  const sorted = [...models].sort((a, b) => b.assets - a.assets || (a.name < b.name ? -1 : 1));
  return (
    <section class="panel" aria-label="Models in use">
      <h2 class="panel-head">{connected.value ? "Models in use" : "Models in use, as last told"}</h2>
      <div class="table-scroll" tabIndex={0} role="region" aria-label="Table of models in use">
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Model</th>
              <th scope="col">Hash</th>
              <th scope="col">Released as</th>
              <th scope="col" class="right">
                Gateways
              </th>
              <th scope="col" class="right">
                Machines
              </th>
              <th scope="col">Where</th>
            </tr>
          </thead>
          <tbody>
            {sorted.map((model) => {
              const known = releases.filter((one) => one.model_hash === model.hash);
              return (
                <tr key={`${model.name} ${model.hash}`} data-model={model.hash}>
                  <th scope="row">{model.name}</th>
                  <td>
                    <code title={model.hash}>{model.hash.slice(0, 8)}</code>
                  </td>
                  <td>{known.map((one) => `${one.name} ${one.version} (${one.line}, release ${one.release})`).join(", ") || "not offered by this hub"}</td>
                  <td class="right">{count(model.devices)}</td>
                  <td class="right">{count(model.assets)}</td>
                  <td>{places(model.hash)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Faults({ list }: { list: readonly string[] }) {
  if (list.length === 0) return null;
  return (
    <section class="panel side models-faults" aria-label="Left out">
      <h2>
        <Shape name="warning" /> What is not offered, and why
      </h2>
      <ul>
        {list.map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
    </section>
  );
}

function ReleasePage({ release, releases, uses }: { release: Release; releases: readonly Release[]; uses: ModelInUse | undefined }) {
  const past = inOrder((rollouts.value ?? []).filter((one) => one.target === release.target));
  return (
    <>
      <header class="rollout-head">
        <h2 class="machine-title">
          {release.name} {release.version}
        </h2>
        <p class="machine-state">
          release {release.release} of {release.line}
          {uses ? `, decides on ${plural(uses.devices, "gateway")} for ${plural(uses.assets, "machine")}` : ", decides nowhere now"}
        </p>
      </header>
      <NotCurrent />
      <div class="rollout-body">
        <div class="rollout-main">
          <StartPanel key={release.target} release={release} />
          {release.kind === "model" && <ComparePanel key={`compare ${release.target}`} release={release} releases={releases} />}
        </div>
        <div class="rollout-side">
          <section class="panel side" aria-label="This release">
            <h2>What it is</h2>
            <dl class="facts">
              <dt>Line</dt>
              <dd>{release.line}</dd>
              <ReleaseFacts release={release} digest={release.digest} />
              <dt>Target</dt>
              <dd>{release.target}</dd>
              <dt>Where</dt>
              <dd>{uses ? places(release.model_hash) : "nowhere now"}</dd>
            </dl>
          </section>
          {release.kind === "model" && <Ancestry release={release} releases={releases} />}
          <section class="panel side" aria-label="Rollouts of this release">
            <h2>Rollouts of it</h2>
            {past.length === 0 && <p class="quiet-text">None yet.</p>}
            <ol class="lineage">
              {past.map((one) => (
                <li key={one.id}>
                  <RolloutShape state={one.state} />
                  <a href={rolloutHref(one.id)}>{listWords(one)}</a>
                </li>
              ))}
            </ol>
          </section>
        </div>
      </div>
    </>
  );
}

export function ModelsScreen({ target }: { target: string | null }) {
  const releases = useReleases();
  const ended = useMemo(() => (rollouts.value ?? []).map((one) => `${one.id} ${one.counts.committed}`).join(), [rollouts.value]);
  const models = useModels(ended);
  const failed = releases.error ?? models.error;
  if (!releases.value || !models.value) {
    if (!failed) return <Loading what="the models" />;
    const what = releases.error ? "The releases could not be read" : "The models could not be read";
    return (
      <Failed
        what={what}
        error={failed}
        works="Gateways go on deciding with the models they have."
        retry={() => {
          releases.again();
          models.again();
        }}
      />
    );
  }
  const { releases: offered, faults } = releases.value;
  const chosen = offered.find((one) => one.target === target);
  return (
    <div class={`models-screen ${target ? "has-chosen" : ""}`}>
      <ReleaseList releases={offered} chosen={target} faults={faults} />
      <div class="rollout-rest">
        {chosen ? (
          <ReleasePage release={chosen} releases={offered} uses={models.value.find((one) => one.hash === chosen.model_hash)} />
        ) : target ? (
          <Empty title="This release is not offered here">
            It may have been withdrawn from the signed targets. <a href="#/models">See what is offered</a>.
          </Empty>
        ) : (
          <div class="rollout-main">
            <NotCurrent />
            <InUse models={models.value} releases={offered} />
            <Faults list={faults} />
          </div>
        )}
      </div>
    </div>
  );
}
