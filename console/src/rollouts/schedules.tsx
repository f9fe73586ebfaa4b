// Rollouts that start by themselves, and when each plant's gateways may be given something new.
import { useState } from "preact/hooks";
import { api } from "../api.ts";
import { dayClock, plural, sentence } from "../logic/format.ts";
import type { MaintenanceSite, Schedule, SchedulePlan, ScheduleOutcome } from "../logic/rollout_types.ts";
import { rolloutHref } from "../logic/route.ts";
import { everyWords, kOutcomeWords, reachOf, readWindows, windowsText } from "../logic/schedule.ts";
import { wavesOf } from "../logic/rollout.ts";
import { connected, plants } from "../store.ts";
import { At, Empty, Failed, Loading } from "../ui/parts.tsx";
import { Icon, Shape } from "../ui/shapes.tsx";
import { say, sayFailed } from "../ui/toast.tsx";
import { Column } from "./list.tsx";
import { useMaintenance, useReleases, useSchedules } from "./reading.ts";
import { NotCurrent } from "./rollouts.tsx";
import { ScheduleForm } from "./schedule_form.tsx";
import { MemberShape } from "./shapes.tsx";
import { kAll, WavePanel } from "./waves.tsx";

const plantName = (site: string): string => plants.value?.find((one) => one.site === site)?.name ?? site;

function OutcomeShape({ outcome }: { outcome: ScheduleOutcome }) {
  if (outcome === "started") return <MemberShape state="committed" />;
  if (outcome === "failed" || outcome === "stopped") return <Shape name="warning" />;
  return outcome === "none" || outcome === "nothing_new" ? <MemberShape state="waiting" /> : <Shape name="learning" />;
}

function PlanPanel({ plan }: { plan: SchedulePlan }) {
  const reach = plan.rollout ? reachOf(plan.rollout.members) : [];
  return (
    <div class="start-plan" role="region" aria-label="What it would do">
      <p class="schedule-words">
        <b>{dayClock(plan.at_ms)}</b>, as things are now: {plan.outcome === "started" ? `${plan.words}. Nothing has started yet.` : `${sentence(plan.words)}.`}
      </p>
      {plan.rollout && (
        <WavePanel
          waves={wavesOf({ state: "running", wave: -1 }, plan.rollout.policy, plan.rollout.members)}
          members={plan.rollout.members}
          choice={kAll}
          choose={() => undefined}
          planned
          approval={plan.rollout.policy.approval}
        />
      )}
      {reach.length > 0 && (
        <dl class="facts schedule-reach" aria-label="When each plant is reached, at the earliest">
          {reach.map((one) => [
            <dt key={one.site}>{plantName(one.site)}</dt>,
            <dd key={`${one.site} when`}>
              {plural(one.gateways, "gateway")}, from {dayClock(one.from)}
              {one.to > one.from && ` to ${dayClock(one.to)}`}
            </dd>,
          ])}
        </dl>
      )}
    </div>
  );
}

function ScheduleRow({ schedule, changed }: { schedule: Schedule; changed: () => void }) {
  const [plan, setPlan] = useState<SchedulePlan | null>(null);
  const [busy, setBusy] = useState(false);
  const act = async (work: () => Promise<unknown>, done: string) => {
    setBusy(true);
    try {
      await work();
      if (done) say(`${schedule.name} ${done}`);
      if (done) changed();
    } catch (failed) {
      sayFailed(`It did not happen: ${(failed as Error).message}.`);
    } finally {
      setBusy(false);
    }
  };
  const steer = (action: "pause" | "resume" | "remove", done: string) => void act(() => api.steerSchedule(schedule.name, action), done);
  const off = busy || !connected.value;
  return (
    <li data-schedule={schedule.name}>
      <h3>{schedule.name}</h3>
      <p class="schedule-words">
        The newest release of <b>{schedule.line}</b> {schedule.sites.length > 0 ? `to ${schedule.sites.map(plantName).join(", ")}` : "to all plants"},{" "}
        {everyWords(schedule)}. {schedule.paused ? "Paused: what is due is skipped." : <>Next on <At ms={schedule.next_ms}>{dayClock(schedule.next_ms)}</At>.</>}
      </p>
      <p class="schedule-words">
        <OutcomeShape outcome={schedule.outcome} /> {sentence(kOutcomeWords[schedule.outcome])}
        {schedule.last_ms !== null && <> on <At ms={schedule.last_ms}>{dayClock(schedule.last_ms)}</At></>}
        {schedule.words && `: ${schedule.words}`}{" "}
        {schedule.rollout && <a href={rolloutHref(schedule.rollout)}>Its last rollout</a>}
      </p>
      <p class="ask-buttons">
        <button class="button" disabled={off} onClick={() => (plan ? setPlan(null) : void act(async () => setPlan(await api.planSchedule(schedule.name)), ""))}>
          {plan ? "Hide the plan" : "Dry run"}
        </button>
        <button class="button" disabled={off} onClick={() => steer(schedule.paused ? "resume" : "pause", schedule.paused ? "goes on." : "paused: what is due is skipped.")}>
          {schedule.paused ? "Resume" : "Pause"}
        </button>
        <button class="button" disabled={off} onClick={() => steer("remove", "removed. What it started goes on.")}>
          Remove
        </button>
      </p>
      {plan && <PlanPanel plan={plan} />}
    </li>
  );
}

function WindowForm({ site, known, changed }: { site: string; known: MaintenanceSite | undefined; changed: () => void }) {
  const was = { zone: known?.calendar.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone, text: windowsText(known?.calendar.windows ?? []) };
  const [zone, setZone] = useState(was.zone);
  const [text, setText] = useState(was.text);
  const [fault, setFault] = useState("");
  const save = async () => {
    const windows = readWindows(text);
    if (typeof windows === "string") return setFault(windows);
    try {
      await api.setMaintenance(site, { zone: zone.trim() || "UTC", windows });
      setFault("");
      say(windows.length > 0 ? `${plantName(site)} is offered new models inside its windows only.` : `${plantName(site)} takes what comes at any time.`);
      changed();
    } catch (failed) {
      setFault((failed as Error).message);
    }
  };
  return (
    <form
      class="window-form"
      data-site={site}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <h3>
        {plantName(site)}
        <small>
          {known ? (known.open ? "open" : "closed") : "no windows: at any time"}
          {known && known.changes_ms !== null && ` until ${dayClock(known.changes_ms)}`}
        </small>
      </h3>
      <label>
        <span>Windows</span>
        <input class="field" name="windows" value={text} placeholder="Sat, Sun 22:00-04:00" aria-invalid={fault !== ""} onInput={(event) => setText(event.currentTarget.value)} autocomplete="off" />
      </label>
      <label>
        <span>Time zone</span>
        <input class="field" name="zone" value={zone} onInput={(event) => setZone(event.currentTarget.value)} autocomplete="off" />
      </label>
      <button class="button" type="submit" disabled={!connected.value || (text === was.text && zone === was.zone)}>
        Save
      </button>
      {fault && (
        <p class="fault" role="alert">
          {fault}.
        </p>
      )}
    </form>
  );
}

function Windows({ sites, changed }: { sites: readonly MaintenanceSite[]; changed: () => void }) {
  const names = [...new Set([...(plants.value ?? []).map((one) => one.site), ...sites.map((one) => one.site)])].sort();
  return (
    <section class="panel" aria-label="Maintenance windows">
      <h2 class="panel-head">When each plant's gateways may be given something new</h2>
      <p class="schedule-words quiet-text">
        Outside its windows a gateway is offered no new model. What has begun is finished, and the way back from a bad model waits for no window. Times are those
        of the clock on the plant's wall; a window may go past midnight.
      </p>
      {names.map((site) => {
        const known = sites.find((one) => one.site === site);
        return <WindowForm key={`${site} ${known ? windowsText(known.calendar.windows) + known.calendar.zone : ""}`} site={site} known={known} changed={changed} />;
      })}
    </section>
  );
}

export function SchedulesScreen() {
  const schedules = useSchedules();
  const maintenance = useMaintenance();
  const releases = useReleases();
  const failed = schedules.error ?? maintenance.error;
  if (!schedules.value || !maintenance.value) {
    if (!failed) return <Loading what="the schedules" />;
    return <Failed what="The schedules could not be read" error={failed} works="What is under way goes on." retry={() => (schedules.again(), maintenance.again())} />;
  }
  const list = schedules.value;
  return (
    <div class="models-screen has-chosen">
      <Column tab="schedules" label="Schedules">
        <div class="models-rows">
          <h2 class="models-group">Next</h2>
          {[...list].sort((a, b) => a.next_ms - b.next_ms).map((one) => (
            <div key={one.name} class="models-row">
              <Icon name="model" size={16} />
              <span>
                <b>{one.line}</b>
                <small>{one.paused ? "paused" : dayClock(one.next_ms)}</small>
              </span>
            </div>
          ))}
          {list.length === 0 && <p class="models-none">Nothing is scheduled.</p>}
        </div>
      </Column>
      <div class="rollout-rest">
        <NotCurrent />
        <div class="rollout-main schedules">
          <section class="panel" aria-label="Rollouts that start by themselves">
            <h2 class="panel-head">Rollouts that start by themselves</h2>
            {list.length === 0 && <Empty title="No rollout starts by itself">A schedule brings the newest release of a line to the plants, every 30 days, say.</Empty>}
            <ul class="schedule-list">
              {list.map((one) => (
                <ScheduleRow key={one.name} schedule={one} changed={schedules.again} />
              ))}
            </ul>
          </section>
          <ScheduleForm lines={[...new Set((releases.value?.releases ?? []).map((one) => one.line))].sort()} changed={schedules.again} />
          <Windows sites={maintenance.value} changed={maintenance.again} />
        </div>
      </div>
    </div>
  );
}
