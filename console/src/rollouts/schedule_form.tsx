// A schedule as somebody fills it in; the hub has the last word, and a dry run shows what it means.
import { useState } from "preact/hooks";
import { api } from "../api.ts";
import { dayClock } from "../logic/format.ts";
import { kPolicyFields, readFields } from "../logic/policy.ts";
import type { ScheduleRequest } from "../logic/rollout_types.ts";
import { connected, plants } from "../store.ts";
import { say } from "../ui/toast.tsx";

interface Fields {
  name: string;
  line: string;
  every: string;
  first: string;
  at: string;
  zone: string;
  waves: string;
  approval: boolean;
}

function requestOf(fields: Fields, sites: string[]): ScheduleRequest | string {
  const policy = readFields({ ...kPolicyFields, waves: fields.waves, approval: fields.approval });
  if ("fault" in policy) return policy.fault;
  const every = Number(fields.every);
  if (!Number.isInteger(every) || every < 1) return "The days from one start to the next must be a whole number";
  return {
    name: fields.name.trim(), line: fields.line, every_days: every, at: fields.at, zone: fields.zone.trim() || "UTC", sites, policy: policy.policy,
    ...(fields.first ? { first_day: fields.first } : {}),
  };
}

export function ScheduleForm({ lines, changed }: { lines: readonly string[]; changed: () => void }) {
  const [fields, setFields] = useState<Fields>({
    name: "monthly", line: "", every: "30", first: "", at: "02:00", zone: Intl.DateTimeFormat().resolvedOptions().timeZone, waves: kPolicyFields.waves, approval: true,
  });
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set()); // plants that are not asked
  const [fault, setFault] = useState("");
  const change = (next: Partial<Fields>) => setFields({ ...fields, ...next });
  const line = fields.line || (lines[0] ?? "");
  const known = plants.value ?? [];

  const save = async () => {
    const asked = left.size > 0 ? known.map((one) => one.site).filter((site) => !left.has(site)) : [];
    if (left.size > 0 && asked.length === 0) return setFault("Choose at least one plant");
    const request = requestOf({ ...fields, line }, asked);
    if (typeof request === "string") return setFault(request);
    try {
      const set = await api.setSchedule(request);
      setFault("");
      say(`${set.name}: next on ${dayClock(set.next_ms)}.`);
      changed();
    } catch (failed) {
      setFault((failed as Error).message);
    }
  };
  const input = (name: "name" | "every" | "first" | "at" | "zone" | "waves", label: string, unit = "") => (
    <label class="start-field">
      <span>{label}</span>
      <input class="field" name={name} value={fields[name]} onInput={(event) => change({ [name]: event.currentTarget.value })} autocomplete="off" />
      <span>{unit}</span>
    </label>
  );
  return (
    <section class="panel start" aria-label="Set a schedule">
      <h2 class="panel-head">Set a schedule</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {known.length > 0 && (
          <fieldset class="start-sites">
            <legend>Plants</legend>
            {known.map(({ site, name }) => (
              <label key={site}>
                <input
                  type="checkbox"
                  checked={!left.has(site)}
                  onChange={() => {
                    const next = new Set(left);
                    if (!next.delete(site)) next.add(site);
                    setLeft(next);
                  }}
                />{" "}
                {name}
              </label>
            ))}
          </fieldset>
        )}
        <div class="start-fields">
          {input("name", "Name", "one that exists is replaced")}
          <label class="start-field">
            <span>Newest release of</span>
            <select class="field" name="line" value={line} onChange={(event) => change({ line: event.currentTarget.value })}>
              {lines.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
            <span>{lines.length === 0 ? "no release is offered yet" : ""}</span>
          </label>
          {input("every", "Every", "days")}
          {input("first", "First on", "such as 2026-12-24; empty: in so many days")}
          {input("at", "At", "on the clock on the wall, such as 02:00")}
          {input("zone", "Time zone", "such as Europe/Berlin")}
          {input("waves", "Waves reach", "% of the gateways")}
        </div>
        <label class="start-check">
          <input type="checkbox" checked={fields.approval} onChange={(event) => change({ approval: event.currentTarget.checked })} /> A person approves the last
          wave
        </label>
        <p class="fault" role="alert">
          {fault && `${fault}.`}
        </p>
        <p class="ask-buttons">
          <button class="button primary" type="submit" disabled={!connected.value || line === ""}>
            Save the schedule
          </button>
        </p>
      </form>
    </section>
  );
}
