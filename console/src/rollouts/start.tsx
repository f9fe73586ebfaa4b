// Starting a rollout: the rules, then a dry run that shows every wave, then Start. Nothing starts that was not shown.
import { useState } from "preact/hooks";
import { api } from "../api.ts";
import { plural } from "../logic/format.ts";
import { kPolicyFields, readFields, type FieldName, type PolicyFields } from "../logic/policy.ts";
import { hardwareOf, namesIn, wavesOf } from "../logic/rollout.ts";
import type { Release, RolloutDetail, StartRequest } from "../logic/rollout_types.ts";
import { rolloutHref } from "../logic/route.ts";
import { connected, devices, noteRollout, plants } from "../store.ts";
import { say } from "../ui/toast.tsx";
import { kAll, WavePanel } from "./waves.tsx";

const kFields: { name: FieldName; label: string; unit: string }[] = [
  { name: "waves", label: "Waves reach", unit: "% of the gateways" },
  { name: "success", label: "The next wave begins when", unit: "% committed" },
  { name: "minutes", label: "A wave lasts at least", unit: "min" },
  { name: "failure", label: "It halts above", unit: "% that went back" },
  { name: "failures", label: "and from", unit: "gateways on" },
];

export function StartPanel({ release }: { release: Release }) {
  const [fields, setFields] = useState<PolicyFields>(kPolicyFields);
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set()); // plants that are not asked
  const [spared, setSpared] = useState<ReadonlySet<string>>(new Set()); // hardware that is not asked
  const [classes, setClasses] = useState("");
  const [plan, setPlan] = useState<RolloutDetail | null>(null);
  const [fault, setFault] = useState<{ text: string; field?: FieldName } | null>(null);
  const [busy, setBusy] = useState(false);
  const sites = (plants.value ?? []).map(({ site, name }) => ({ site, name }));
  const asked = sites.filter(({ site }) => !left.has(site));
  const kinds = hardwareOf([...(devices.value?.values() ?? [])]);

  // What was shown holds no longer.
  const change = (next: Partial<PolicyFields>) => {
    setFields({ ...fields, ...next });
    setPlan(null);
    setFault(null);
  };
  const toggle = (name: string, from: ReadonlySet<string>, set: (next: ReadonlySet<string>) => void) => {
    const next = new Set(from);
    if (!next.delete(name)) next.add(name);
    set(next);
    setPlan(null);
  };

  const send = async (dry: boolean) => {
    const read = readFields(fields);
    if ("fault" in read) return setFault({ text: read.fault, field: read.field });
    if (asked.length === 0 && sites.length > 0) return setFault({ text: "Choose at least one plant" });
    const request: StartRequest = { target: release.target, policy: read.policy, dry_run: dry };
    if (left.size > 0) request.sites = asked.map(({ site }) => site);
    if (spared.size > 0) request.hardware = kinds.filter((kind) => !spared.has(kind));
    if (request.hardware?.length === 0) return setFault({ text: "Choose at least one hardware" });
    const named = namesIn(classes);
    if (named.length > 0) request.machine_classes = named;
    setBusy(true);
    setFault(null);
    try {
      const got = await api.startRollout(request);
      if (dry) return setPlan(got);
      noteRollout(got);
      say(`${release.name} ${release.version} started: ${plural(got.members.filter((one) => one.wave === 0).length, "gateway")} in the canary wave.`);
      location.hash = rolloutHref(got.id);
    } catch (failed) {
      setPlan(null);
      setFault({ text: (failed as Error).message });
    } finally {
      setBusy(false);
    }
  };

  const input = ({ name, label, unit }: (typeof kFields)[number]) => (
    <label key={name} class="start-field">
      <span>{label}</span>
      <input
        class={`field start-${name}`}
        name={name}
        inputMode={name === "waves" ? "text" : "decimal"}
        value={fields[name]}
        aria-invalid={fault?.field === name}
        aria-describedby={fault?.field === name ? "start-fault" : undefined}
        onInput={(event) => change({ [name]: event.currentTarget.value })}
        autocomplete="off"
      />
      <span>{unit}</span>
    </label>
  );

  return (
    <section class="panel start" aria-label="Start a rollout">
      <h2 class="panel-head">Start a rollout</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send(true);
        }}
      >
        {sites.length > 0 && (
          <fieldset class="start-sites">
            <legend>Plants</legend>
            {sites.map(({ site, name }) => (
              <label key={site}>
                <input type="checkbox" checked={!left.has(site)} onChange={() => toggle(site, left, setLeft)} /> {name}
              </label>
            ))}
          </fieldset>
        )}
        {kinds.length > 1 && (
          <fieldset class="start-sites">
            <legend>Hardware</legend>
            {kinds.map((kind) => (
              <label key={kind}>
                <input type="checkbox" checked={!spared.has(kind)} onChange={() => toggle(kind, spared, setSpared)} /> {kind}
              </label>
            ))}
          </fieldset>
        )}
        <div class="start-fields">
          {kFields.map(input)}
          <label class="start-field">
            <span>Only with machines of class</span>
            <input
              class="field"
              name="classes"
              value={classes}
              placeholder="any"
              onInput={(event) => {
                setClasses(event.currentTarget.value);
                setPlan(null);
              }}
              autocomplete="off"
            />
            <span>names, comma between</span>
          </label>
        </div>
        <label class="start-check">
          <input type="checkbox" checked={fields.approval} onChange={(event) => change({ approval: event.currentTarget.checked })} /> A person approves the last
          wave
        </label>
        <p id="start-fault" class="fault" role="alert">
          {fault && `${fault.text}.`}
        </p>
        <p class="ask-buttons">
          <button class={`button ${plan ? "" : "primary"}`} type="submit" disabled={busy || !connected.value}>
            Show the waves
          </button>
          <button class={`button ${plan ? "primary" : ""}`} type="button" disabled={busy || plan === null || !connected.value} onClick={() => void send(false)}>
            {plan ? `Start on ${plural(plan.members.length, "gateway")}` : "Start"}
          </button>
          <span class="quiet-text">{plan ? "Nothing has started yet. This is the plan:" : "Start becomes possible once the waves were shown."}</span>
        </p>
      </form>
      {plan && (
        <div class="start-plan" role="region" aria-label="Planned waves">
          <WavePanel
            waves={wavesOf({ state: "running", wave: -1 }, plan.policy, plan.members)}
            members={plan.members}
            choice={kAll}
            choose={() => undefined}
            planned
            approval={plan.policy.approval}
          />
        </div>
      )}
    </section>
  );
}
