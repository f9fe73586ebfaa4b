// The right column: what is wrong, what moved the score, whether to trust it, what came before.
import { age, featureName, number, plural, score, sentence, share, span, when } from "../logic/format.ts";
import { alarmHref } from "../logic/route.ts";
import { causeWords, mergeGaps } from "../logic/spans.ts";
import { kWords, levelShown } from "../logic/shown.ts";
import type { Alarm, Contribution, HistoryEntry, MachineDetail, Series } from "../logic/types.ts";
import { nowMs } from "../store.ts";
import { At } from "../ui/parts.tsx";
import { Icon, Shape } from "../ui/shapes.tsx";

export function FaultPanel({ alarm, stale }: { alarm: Alarm | null; stale: boolean }) {
  if (!alarm)
    return (
      <section class="panel side">
        <h2>No open alarm</h2>
        <p class="quiet-text">{stale ? "Nothing is known now: the machine is not heard." : "Nothing on this machine needs a person."}</p>
      </section>
    );
  const shown = levelShown(alarm.level);
  return (
    <section class="panel side" aria-label="Open alarm">
      <header class="side-head">
        <h2 class="side-title">{sentence(alarm.fault_name || "No fault named")}</h2>
        <a href={alarmHref(alarm.id)}>Alarm</a>
      </header>
      <p>
        {kWords[shown]} since <At ms={alarm.raised_ms}>{when(alarm.raised_ms, nowMs.value)}</At> ({age(nowMs.value - alarm.raised_ms)}). Score{" "}
        <b>{score(alarm.score)}</b>. {alarm.why}
      </p>
      {alarm.action && (
        <p>
          <span class="quiet-text">Do:</span> {alarm.action}
        </p>
      )}
    </section>
  );
}

const kSharesMax = 4;

export function Shares({ list }: { list: readonly Contribution[] }) {
  const sorted = [...list].sort((a, b) => b.share - a.share);
  const rest = sorted.slice(kSharesMax).reduce((sum, one) => sum + one.share, 0);
  const rows = [...sorted.slice(0, kSharesMax).map((one) => ({ name: featureName(one.feature), share: one.share }))];
  if (rest > 0) rows.push({ name: "All other inputs", share: rest });
  const most = Math.max(...rows.map((one) => one.share), 0.01);
  return (
    <dl class="shares">
      {rows.map((one) => (
        <div key={one.name}>
          <dt title={one.name}>{one.name}</dt>
          <dd>
            <i style={{ width: `${(100 * one.share) / most}%` }} />
          </dd>
          <dd>{share(one.share)}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Moved({ alarm }: { alarm: Alarm | null }) {
  const list = alarm?.contributions ?? [];
  if (list.length === 0) return null;
  return (
    <section class="panel side">
      <h2>What moved the score</h2>
      <Shares list={list} />
    </section>
  );
}

export function Trust({ detail, alarm, data }: { detail: MachineDetail; alarm: Alarm | null; data: Series | null }) {
  const gaps = data ? mergeGaps(data.gaps) : [];
  const missing = gaps.reduce((sum, gap) => sum + gap.to_ms - gap.from_ms, 0);
  const hash = alarm?.model_hash || detail.model?.hash;
  const name = alarm?.model_name || detail.model?.name;
  const steady = alarm?.steady ?? detail.steady;
  const speed = alarm?.speed_hz ?? detail.speed_hz;
  return (
    <section class="panel side">
      <h2>Can it be trusted?</h2>
      <dl class="facts">
        <dt>Sensors</dt>
        <dd>
          {detail.channels && detail.channels.length > 0 && `${plural(detail.channels.length, "channel")}, `}
          {gaps.length === 0 ? "no gap in this range" : `${plural(gaps.length, "gap")} in this range (${span(missing)}, ${causeWords(gaps[0]?.cause ?? "")})`}
        </dd>
        {steady !== null && steady !== undefined && (
          <>
            <dt>State</dt>
            <dd>
              speed {steady ? "steady" : "not steady"}
              {speed ? ` at ${number(60 * speed)} rpm` : ""}
            </dd>
          </>
        )}
        {name && (
          <>
            <dt>Model</dt>
            <dd title={hash ?? undefined}>
              {name} {hash && <code>{hash.slice(0, 8)}</code>}
            </dd>
          </>
        )}
        <dt>Decided by</dt>
        <dd>
          gateway {detail.device}
          {alarm?.decision_ms ? ` in ${number(alarm.decision_ms)} ms` : ""}
        </dd>
        {alarm && <dt>Replay</dt>}
        {alarm && <dd>window and model hash are stored with the alarm</dd>}
      </dl>
    </section>
  );
}

function entryText(entry: HistoryEntry): string {
  const level = entry.level && entry.level !== "none" ? kWords[levelShown(entry.level)] : null;
  const fault = entry.fault_name ? `, ${entry.fault_name.toLowerCase()}` : "";
  const rated = entry.score !== null && entry.score !== undefined ? `, score ${score(entry.score)}` : "";
  if (entry.text) return sentence(entry.text);
  if (entry.kind === "alarm") return level ? `${level}${fault}${rated}` : `Normal again${rated}`;
  if (entry.kind === "gap") return `Gap${entry.to_ms ? ` of ${span(entry.to_ms - entry.ts_ms)}` : ""}`;
  if (entry.kind === "state") return sentence((entry.state ?? "unknown").replace(/_/g, " "));
  return entry.kind === "model" ? "Model changed" : "Commissioned";
}

function EntryShape({ entry }: { entry: HistoryEntry }) {
  if (entry.kind === "model") return <Icon name="model" size={14} />;
  if (entry.kind === "gap") return <Shape name="unknown" />;
  if (entry.kind === "commissioned") return <Shape name="learning" />;
  if (entry.kind === "alarm") return <Shape name={levelShown(entry.level ?? "none")} />;
  const state = entry.state ?? "unknown";
  return <Shape name={state === "running" ? "healthy" : state} />;
}

const kHistoryFirst = 12;

export function History({ list }: { list: readonly HistoryEntry[] }) {
  return (
    <section class="panel side">
      <h2>History</h2>
      {list.length === 0 && <p class="quiet-text">Alarms, stops, gaps and model changes will be listed here.</p>}
      <ol class="history">
        {list.slice(0, kHistoryFirst).map((entry) => (
          <li key={`${entry.ts_ms}${entry.kind}${entry.text ?? ""}${entry.level ?? ""}`}>
            <At ms={entry.ts_ms}>{when(entry.ts_ms, nowMs.value)}</At>
            <EntryShape entry={entry} />
            <span>{entry.alarm_id ? <a href={alarmHref(entry.alarm_id)}>{entryText(entry)}</a> : entryText(entry)}</span>
          </li>
        ))}
      </ol>
      {list.length > kHistoryFirst && <p class="quiet-text">{kHistoryFirst} of {list.length}, the latest first</p>}
    </section>
  );
}
