// A rollout: how far is it, what holds, may it go on? And the way to stop it or take it back.
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { ApiError } from "../api.ts";
import { bind } from "../keys.ts";
import { loadRollouts } from "../live.ts";
import { clock, when } from "../logic/format.ts";
import { inOrder, isOver, stateWords, wavesOf } from "../logic/rollout.ts";
import type { Release, RolloutDetail } from "../logic/rollout_types.ts";
import { parseRoute, rolloutHref } from "../logic/route.ts";
import { isPhone } from "../settings.ts";
import { connected, heardMs, nowMs, rollouts, rolloutsError } from "../store.ts";
import { useHeld } from "../ui/held.tsx";
import { Ago, At, Empty, Failed, Loading } from "../ui/parts.tsx";
import { Shape } from "../ui/shapes.tsx";
import { Actions } from "./actions.tsx";
import { Evidence, Log } from "./evidence.tsx";
import { Gates } from "./gates.tsx";
import { Column, RolloutList } from "./list.tsx";
import { useReleases, useRollout } from "./reading.ts";
import { RolloutShape } from "./shapes.tsx";
import { Lineage, namer, Origin, Rules, serverNamer, Serving } from "./side.tsx";
import { Trials } from "./trials.tsx";
import { kAll, Legend, WavePanel } from "./waves.tsx";

export function NotCurrent() {
  if (connected.value) return null;
  const since = heardMs.value;
  return (
    <p class="not-current" role="status">
      <Shape name="unknown" />
      <span>
        {since === null ? "Not current: the hub is not heard" : <>Not current since <At ms={since}>{clock(since)}</At>: the hub is not heard</>}. Gateways go on
        by themselves and keep a model that decides; nothing can be steered from here now.
      </span>
    </p>
  );
}

function Head({ detail, took }: { detail: RolloutDetail; took: (detail: RolloutDetail) => void }) {
  return (
    <header class="rollout-head">
      {connected.value || isOver(detail.state) ? (
        <span class={`badge badge-${detail.state}`} data-rollout-state={detail.state}>
          <RolloutShape state={detail.state} />
          {stateWords(detail)}
        </span>
      ) : (
        <span class="badge badge-unknown" data-rollout-state="unknown">
          <Shape name="unknown" /> Was: {stateWords(detail).toLowerCase()}
        </span>
      )}
      <h2 class="machine-title">
        {detail.name} {detail.version}
      </h2>
      <p class="machine-state">
        started <At ms={detail.created_ms}>{when(detail.created_ms, nowMs.value)}</At> (<Ago ms={detail.created_ms} />)
        {detail.created_by && ` by ${detail.created_by}`}
        {isOver(detail.state) && detail.ended_ms !== null && (
          <>
            , ended <Ago ms={detail.ended_ms} />
          </>
        )}
      </p>
      <Actions key={detail.id} detail={detail} took={took} />
      {detail.reason && (
        <p class={`rollout-reason ${detail.state === "halted" ? "is-halted" : ""}`}>
          {detail.state === "halted" && <b>Halted by its own rules: </b>}
          {detail.reason}
        </p>
      )}
    </header>
  );
}

function Body({ detail, releases }: { detail: RolloutDetail; releases: readonly Release[] }) {
  const [choice, choose] = useState(kAll);
  const waves = wavesOf(detail, detail.policy, detail.members);
  const nameOf = useMemo(() => namer([...(rollouts.value ?? []), ...releases, detail]), [rollouts.value, releases, detail.id]);
  const servedBy = serverNamer(releases, nameOf);
  return (
    <>
      <div class="rollout-main">
        <section class={`panel ${connected.value ? "" : "is-stale"}`} aria-label="Waves">
          <WavePanel
            waves={waves}
            members={detail.members}
            choice={choice}
            choose={choose}
            windowsMin={detail.policy.windows_min}
            approval={detail.policy.approval && !detail.approved_by}
          />
          <Legend members={detail.members} choice={choice} choose={choose} />
        </section>
        <Gates gates={detail.gates} />
        <Evidence members={detail.members} choice={choice} servedBy={servedBy} />
        <Log log={detail.log} members={detail.members} />
        <Trials id={detail.id} device={choice.device} over={isOver(detail.state)} />
      </div>
      <div class="rollout-side">
        <Serving members={detail.members} servedBy={servedBy} />
        <Rules detail={detail} />
        <Origin detail={detail} release={releases.find((one) => one.target === detail.target)} />
        <Lineage line={detail.line} releases={releases} digest={detail.digest} />
      </div>
    </>
  );
}

function Chosen({ id, releases }: { id: string; releases: readonly Release[] }) {
  const { value: detail, error, again, put } = useRollout(id);
  if (!detail && error instanceof ApiError && error.status === 404)
    return (
      <div class="rollout-rest">
        <Empty title="This rollout is not known here">It may have been started on another hub.</Empty>
      </div>
    );
  if (!detail)
    return (
      <div class="rollout-rest">
        {error ? (
          <Failed what="The rollout could not be read" error={error} works="Gateways go on by themselves: the board still works." retry={again} />
        ) : (
          <Loading what="the rollout" />
        )}
      </div>
    );
  return (
    <div class="rollout-rest" data-rollout={detail.id}>
      <Head detail={detail} took={put} />
      <NotCurrent />
      <div class="rollout-body">
        <Body key={detail.id} detail={detail} releases={releases} />
      </div>
    </div>
  );
}

function Nothing({ faults }: { faults: readonly string[] }) {
  return (
    <div class="models-screen">
      <Column tab="rollouts" label="Rollouts">
        <p class="models-none">None yet.</p>
      </Column>
      <div class="rollout-rest">
        <Empty title="No rollout has been started yet">
          {faults[0] ? `${faults[0]}.` : "Rollouts appear here with their waves, gates and log."} <a href="#/models">See the releases and the models in use</a>.
        </Empty>
      </div>
    </div>
  );
}

export function RolloutsScreen({ selected }: { selected: string | null }) {
  const releases = useReleases();
  const list = rollouts.value;
  const held = useHeld(useMemo(() => inOrder(list ?? []).map((one) => one.id), [list]));
  // Without a choice the first is shown, and stays.
  const first = useRef<string | null>(null);
  if (!isPhone.value) first.current ??= held.ids[0] ?? null;
  const chosen = selected ?? first.current;
  const rows = useRef(held.ids);
  rows.current = held.ids;
  useLayoutEffect(() => {
    const step = (by: number) => () => {
      const route = parseRoute(location.hash);
      const at = rows.current.indexOf((route.screen === "rollouts" ? route.id : null) ?? first.current ?? "");
      const to = rows.current[Math.min(rows.current.length - 1, Math.max(0, at + by))];
      if (to === undefined) return;
      history.replaceState(null, "", rolloutHref(to));
      dispatchEvent(new HashChangeEvent("hashchange"));
    };
    return bind([
      { keys: "j", label: "Next rollout", group: "Lists", run: step(1) },
      { keys: "k", label: "Rollout before", group: "Lists", run: step(-1) },
      { keys: "Escape", label: "Back to the board", group: "Lists", run: () => (location.hash = "#/") },
    ]);
  }, []);

  if (list === null && rolloutsError.value)
    return <Failed what="The rollouts could not be read" error={rolloutsError.value} works="The board still works." retry={() => void loadRollouts()} />;
  if (list === null) return <Loading what="the rollouts" />;
  if (list.length === 0 && chosen === null) return <Nothing faults={releases.value?.faults ?? []} />;
  return (
    <div class={`models-screen ${selected ? "has-chosen" : ""}`}>
      <RolloutList held={held} chosen={chosen} />
      {chosen !== null && <Chosen key={chosen} id={chosen} releases={releases.value?.releases ?? []} />}
    </div>
  );
}
