// "Needs a person": open alarms, worst first, then what nobody can judge because it is not heard.
import { useRef } from "preact/hooks";
import { age, clock, plural, score, sentence } from "../logic/format.ts";
import { alarmHref, machineHref } from "../logic/route.ts";
import { kWords, levelShown } from "../logic/shown.ts";
import type { Alarm } from "../logic/types.ts";
import { allViews, alarms, connected, lostPlants, machineKey, machines, nowMs, openAlarms, plants, viewOf, type Plant } from "../store.ts";
import { HeldBar, useHeld } from "../ui/held.tsx";
import { isPhone } from "../settings.ts";
import { Ago, Badge, Sparkline } from "../ui/parts.tsx";
import { Shape } from "../ui/shapes.tsx";

const kCardsMax = 8; // more than a person reads; the alarm list has them all
const kRowsMax = 20;

const plantName = (site: string) => plants.value?.find((one) => one.site === site)?.name ?? site;

function limitOf(alarm: Alarm): number | null {
  return machines.get(machineKey(alarm.site, alarm.asset))?.value.watch_from ?? null;
}

function Card({ alarm }: { alarm: Alarm }) {
  const shown = levelShown(alarm.level);
  const over = alarm.state !== "open";
  return (
    <article class={`need need-${shown} ${over ? "over" : ""}`} aria-label={`${alarm.asset} ${alarm.name}`}>
      <p class="need-head">
        <Badge shown={shown} />
        <a href={machineHref(alarm.site, alarm.asset)}>
          {alarm.asset} {alarm.name}
        </a>
        <span>
          {plantName(alarm.site)}
          {isPhone.value && (
            <>
              , <Ago ms={alarm.raised_ms} />
            </>
          )}
        </span>
      </p>
      <h3>{sentence(alarm.fault_name || alarm.fault || "No fault named")}</h3>
      <p class="need-why">{alarm.why || "The score passed its limit."}</p>
      <p class="need-do">
        <span>Do:</span> {alarm.action || "look at the machine."}
      </p>
      <p class="need-foot">
        <Sparkline values={alarm.spark ?? []} limit={limitOf(alarm)} />
        <span>
          Score <b>{score(alarm.score)}</b>
        </span>
        <span class="need-age">{over ? "normal again" : <>raised <Ago ms={alarm.raised_ms} /></>}</span>
        {!isPhone.value && (
          <a class="button" href={alarmHref(alarm.id)}>
            Open
          </a>
        )}
      </p>
      {isPhone.value && (
        <p class="need-actions">
          <a class="button" href={machineHref(alarm.site, alarm.asset)}>
            Open machine
          </a>
          <a class="button primary" href={alarmHref(alarm.id)}>
            Open alarm
          </a>
        </p>
      )}
    </article>
  );
}

function Row({ alarm }: { alarm: Alarm }) {
  return (
    <a class={`need-row ${alarm.state === "open" ? "" : "over"}`} href={alarmHref(alarm.id)}>
      <Shape name={levelShown(alarm.level)} label={kWords[levelShown(alarm.level)]} />
      <span>
        {isPhone.value ? (
          <>
            <b>
              {alarm.asset} {alarm.name}
            </b>
            <small>
              {kWords[levelShown(alarm.level)]} · {(alarm.fault_name || "no fault named").toLowerCase()}, score {score(alarm.score)}
            </small>
          </>
        ) : (
          <>
            {alarm.asset} {alarm.name}
          </>
        )}
      </span>
      <span class="need-what">{isPhone.value ? age(nowMs.value - alarm.raised_ms) : (alarm.fault_name || "").toLowerCase()}</span>
      {!isPhone.value && <b>{score(alarm.score)}</b>}
    </a>
  );
}

function LostRow({ plant }: { plant: Plant }) {
  const before = plant.areas
    .flatMap((area) => area.keys)
    .flatMap((key) => machines.get(key)?.value ?? [])
    .map((machine) => ({ machine, was: viewOf(machine).was }));
  const told = (["act", "warning", "watch"] as const).flatMap((level) => {
    const of = before.filter((one) => one.was === level).map((one) => one.machine.asset);
    return of.length > 0 ? [`${of.length} ${kWords[level].toLowerCase()} (${of.slice(0, 3).join(", ")}${of.length > 3 ? ", …" : ""})`] : [];
  });
  return (
    <div class="need-row need-lost">
      <Shape name="unknown" label="Unknown" />
      <span>
        {plant.name}, {plural(before.length, "machine")}
        <small>Not current. {told.length > 0 ? `Before the link was lost: ${told.join(", ")}.` : "No alarm was open before."}</small>
      </span>
      <span class="need-what">{plant.link_since_ms !== null && age(nowMs.value - plant.link_since_ms)}</span>
    </div>
  );
}

/** Machines that are not heard although their plant is. */
function UnknownRow() {
  const lost = new Set(lostPlants.value.map((plant) => plant.site));
  const missing = allViews.value.filter((one) => one.view.shown === "unknown" && !lost.has(one.machine.site));
  const first = missing[0];
  if (!connected.value || !first) return null;
  const since = missing.reduce((least, one) => Math.min(least, one.machine.last_data_ms ?? one.machine.since_ms ?? Infinity), Infinity);
  const names = missing.slice(0, 3).map((one) => one.machine.asset).join(", ");
  return (
    <a class="need-row" href={missing.length === 1 ? machineHref(first.machine.site, first.machine.asset) : "#/devices"}>
      <Shape name="unknown" label="Unknown" />
      <span>
        {names}
        {missing.length > 3 && ` and ${missing.length - 3} more`}
      </span>
      <span class="need-what" title={Number.isFinite(since) ? `since ${clock(since)}` : ""}>
        no decision{Number.isFinite(since) ? ` for ${age(nowMs.value - since)}` : " yet"}
      </span>
    </a>
  );
}

export function Needs() {
  // The form is part of the id: a row that grew into a card would move the others.
  const lost = new Set(lostPlants.value.map((plant) => plant.site));
  const open = openAlarms.value.filter((alarm) => !lost.has(alarm.site));
  let cards = 0;
  const phone = isPhone.value;
  const most = phone ? 1 : kCardsMax;
  const wanted = open
    .filter((alarm) => !phone || alarm.level !== "watch")
    .map((alarm) => `${alarm.level === "act" || (alarm.level === "warning" && cards < most) ? (cards++, "card") : "row"}:${alarm.id}`);
  const watched = phone ? open.filter((alarm) => alarm.level === "watch").length : 0;
  const last = useRef(new Map<string, Alarm>());
  for (const alarm of alarms.value.values()) last.current.set(alarm.id, alarm);
  const held = useHeld(wanted);
  const shown = held.ids.slice(0, kCardsMax + kRowsMax);
  return (
    <aside class="needs" aria-label="Needs a person" {...held.on}>
      <header>
        <h2>Needs a person</h2>
        <HeldBar holder={held} order="worst first" />
      </header>
      <div class="need-list">
        {shown.map((id) => {
          const alarm = last.current.get(id.slice(id.indexOf(":") + 1));
          return alarm && (id.startsWith("card:") ? <Card key={id} alarm={alarm} /> : <Row key={id} alarm={alarm} />);
        })}
        {held.ids.length > shown.length && (
          <a class="need-row" href="#/alarms">
            <span>
              {shown.length} of {held.ids.length} alarms
            </span>
            <span class="need-what">Show all</span>
          </a>
        )}
        {watched > 0 && (
          <a class="need-row" href="#/alarms">
            <Shape name="watch" label="Watch" />
            <span>{watched} on watch</span>
            <b class="need-show">Show</b>
          </a>
        )}
        {lostPlants.value.map((plant) => (
          <LostRow key={plant.site} plant={plant} />
        ))}
        <UnknownRow />
        {held.ids.length === 0 && lostPlants.value.length === 0 && (
          <p class="need-none">{connected.value ? "No alarm is open." : "Not current: the hub is not heard."}</p>
        )}
      </div>
    </aside>
  );
}
