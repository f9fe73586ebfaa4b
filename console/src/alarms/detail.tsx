// The chosen alarm: what, whether the machine ran as usual, what moved the score, which lines were found.
import { useEffect, useState } from "preact/hooks";
import { api } from "../api.ts";
import { day, number, score, sentence, span } from "../logic/format.ts";
import { verdictWords } from "../logic/inbox.ts";
import { alarmHref, machineHref } from "../logic/route.ts";
import { kWords, levelShown } from "../logic/shown.ts";
import type { Alarm, AlarmContext } from "../logic/types.ts";
import { MarkTable } from "../machine/spectrum.tsx";
import { Shares } from "../machine/side.tsx";
import { alarms, handled, machineKey, machines, plants } from "../store.ts";
import { absolute } from "../logic/format.ts";
import { Ago, At, Badge, Empty, Key } from "../ui/parts.tsx";
import { VerdictBar } from "./verdict_bar.tsx";

interface Props {
  id: string | null;
  /** Of one cause, judged at once. */
  ids: string[];
  judged: () => void;
}

export function AlarmDetail({ id, ids, judged }: Props) {
  const [read, setRead] = useState<Alarm | null>(null);
  const [context, setContext] = useState<AlarmContext | null>(null);
  useEffect(() => {
    setRead(null);
    setContext(null);
    if (id === null) return;
    const stop = new AbortController();
    // What the list knows is shown meanwhile, and stays where this fails.
    api.alarm(id, stop.signal).then(setRead, () => undefined);
    api.alarmContext(id, stop.signal).then(setContext, () => undefined);
    return () => stop.abort();
  }, [id]);
  const listed = id === null ? undefined : alarms.value.get(id);
  if (!listed && !read)
    return (
      <section class="panel alarm-detail" aria-label="Alarm">
        <Empty title={id === null ? "Choose an alarm" : "This alarm is not known here"}>
          {id === null ? "Its evidence appears here: what was found, whether the machine ran as usual, what to do." : "It may have been removed from the hub."}
        </Empty>
      </section>
    );
  const alarm = { ...(read?.id === id ? read : {}), ...dropNull(listed ?? read) } as Alarm;
  const shown = levelShown(alarm.level);
  const over = alarm.state !== "open";
  return (
    <section class="panel alarm-detail" aria-label="Alarm">
      <header class="alarm-head">
        <Badge shown={shown} />
        <h2>
          {alarm.asset} {alarm.name}
          {alarm.fault_name && `: ${alarm.fault_name.toLowerCase()}`}
        </h2>
        <span>
          raised <Ago ms={alarm.raised_ms} />, {standingWords(alarm)}
        </span>
        <a class="button" href={machineHref(alarm.site, alarm.asset)}>
          Open machine <Key>o</Key>
        </a>
      </header>
      <div class="alarm-facts">
        <div>
          <h3>What</h3>
          <p>{alarm.why || "The score passed its limit."}</p>
        </div>
        <div>
          <h3>Was it running as usual?</h3>
          <p>{usual(alarm)}</p>
        </div>
        <div>
          <h3>Before</h3>
          <p>{beforeWords(context)}</p>
        </div>
        <div>
          <h3>Do</h3>
          <p>{sentence(alarm.action || "look at the machine.")}</p>
        </div>
      </div>
      <div class="alarm-evidence">
        {(alarm.contributions?.length ?? 0) > 0 && (
          <div>
            <h3>What moved the score</h3>
            <Shares list={alarm.contributions ?? []} />
          </div>
        )}
        {(alarm.marks?.length ?? 0) > 0 && (
          <div>
            <h3>Lines looked for</h3>
            <MarkTable marks={alarm.marks ?? []} fault={alarm.fault} />
          </div>
        )}
        {(context?.similar.length ?? 0) > 0 && (
          <div>
            <h3>Similar alarms before</h3>
            <ul class="similar">
              {context?.similar.map((one) => (
                <li key={one.id}>
                  <a href={alarmHref(one.id)}>{one.asset}</a>
                  <At ms={one.raised_ms}>{day(one.raised_ms)}</At>
                  <span>{verdictWords(one)}</span>
                </li>
              ))}
            </ul>
          </div>
        )}
        <div>
          <h3>Can it be trusted?</h3>
          <dl class="facts">
            <dt>Score</dt>
            <dd>
              <b>{score(alarm.score)}</b>, level {kWords[shown].toLowerCase()}
            </dd>
            <dt>Model</dt>
            <dd title={alarm.model_hash || undefined}>
              {alarm.model_name || "not told"} {alarm.model_hash && <code>{alarm.model_hash.slice(0, 8)}</code>}
            </dd>
            <dt>Decided by</dt>
            <dd>
              gateway {alarm.device}
              {alarm.decision_ms ? ` in ${number(alarm.decision_ms)} ms` : ""}
            </dd>
            <dt>Raised</dt>
            <dd>{absolute(alarm.raised_ms)}</dd>
            {over && alarm.cleared_ms !== null && <dt>Normal since</dt>}
            {over && alarm.cleared_ms !== null && <dd>{absolute(alarm.cleared_ms)}</dd>}
            {alarm.arrived_ms !== null && alarm.arrived_ms !== undefined && (
              <>
                <dt>Arrived</dt>
                <dd>
                  <At ms={alarm.arrived_ms}>{arrived(alarm.arrived_ms - alarm.raised_ms)}</At>
                </dd>
              </>
            )}
          </dl>
        </div>
        <div>
          <h3>Where</h3>
          <dl class="facts">
            <dt>Plant</dt>
            <dd>{plants.value?.find((plant) => plant.site === alarm.site)?.name ?? alarm.site}</dd>
            <dt>Area</dt>
            <dd>{areaName(alarm)}</dd>
            <dt>Gateway</dt>
            <dd>{alarm.device}</dd>
          </dl>
        </div>
      </div>
      {alarm.asked && (
        <p class="alarm-question">
          <b>{alarm.asked.who} asks:</b> {alarm.asked.note || "what do you think?"}
        </p>
      )}
      <VerdictBar alarm={alarm} ids={[alarm.id, ...ids.filter((one) => one !== alarm.id)]} context={context} done={judged} />
    </section>
  );
}

function standingWords(alarm: Alarm): string {
  if (alarm.verdict) return `${verdictWords(alarm.verdict).toLowerCase()}, by ${alarm.verdict.who}`;
  if (handled.value.has(alarm.id)) return "judged here";
  if (alarm.shelved) return `shelved by ${alarm.shelved.who}`;
  return "not judged";
}

function beforeWords(context: AlarmContext | null): string {
  if (context === null) return "";
  if (context.known === 0) return "No alarm like this one has been judged yet.";
  return `${context.real} of ${context.known} such alarms were real.`;
}

function areaName(alarm: Alarm): string {
  const key = machineKey(alarm.site, alarm.asset);
  const plant = plants.value?.find((one) => one.site === alarm.site);
  return plant?.areas.find((area) => area.keys.includes(key))?.name ?? alarm.area ?? machines.get(key)?.peek().area ?? "";
}

function usual(alarm: Alarm): string {
  if (alarm.steady === null || alarm.steady === undefined) return "The gateway did not say.";
  const speed = alarm.speed_hz ? ` ${number(60 * alarm.speed_hz)} rpm.` : "";
  return alarm.steady ? `Yes. Speed steady.${speed}` : `No. The speed was changing.${speed}`;
}

function arrived(late: number): string {
  return late < 2_000 ? "at once" : `${span(late)} after it was raised`;
}

const dropNull = <T extends object>(from: T | null | undefined): Partial<T> =>
  Object.fromEntries(Object.entries(from ?? {}).filter(([, value]) => value !== null)) as Partial<T>;
