// Below the list: what was judged today, and how the judging goes.
import { ageWhole, clock, number } from "../logic/format.ts";
import { inView, verdictShape, verdictWords } from "../logic/inbox.ts";
import { alarmHref } from "../logic/route.ts";
import type { Alarm } from "../logic/types.ts";
import { alarms, inbox, me, nowMs } from "../store.ts";
import { At } from "../ui/parts.tsx";
import { undoAct } from "../verdicts.ts";

const kShownMax = 30;
const kMarks = { yes: "✓", no: "✕", open: "–" };

export function JudgedToday() {
  const list = [...alarms.value.values()]
    .filter((alarm) => alarm.verdict && inView(alarm, "judged", nowMs.peek()))
    .sort((a, b) => (b.verdict?.at_ms ?? 0) - (a.verdict?.at_ms ?? 0))
    .slice(0, kShownMax);
  return (
    <section class="judged" aria-label="Judged today">
      <header class="judged-head">
        <span>Judged today</span> <span>a verdict is a label</span>
      </header>
      <ul>
        {list.map((alarm) => (
          <Judged key={alarm.id} alarm={alarm} />
        ))}
        {list.length === 0 && <li class="judged-none">Nothing yet.</li>}
      </ul>
    </section>
  );
}

function Judged({ alarm }: { alarm: Alarm }) {
  const verdict = alarm.verdict;
  if (!verdict) return null;
  const mine = me.value === null || verdict.who === me.value.name;
  const words = verdictWords(verdict);
  return (
    <li>
      <span class={`judged-mark mark-${verdictShape(verdict)}`} aria-hidden="true">
        {kMarks[verdictShape(verdict)]}
      </span>
      <a href={alarmHref(alarm.id)}>
        <b>{alarm.asset}</b> {alarm.name}
      </a>
      <span class="judged-words">
        {words}
        {!verdict.agreed && " (others disagree)"}
      </span>
      <span class="judged-who">
        <At ms={verdict.at_ms}>{clock(verdict.at_ms)}</At>, by {mine ? "you" : verdict.who}
      </span>
      {mine && (
        <button class="link" onClick={() => undoAct(verdict.act, `${alarm.asset} ${words.toLowerCase()}`)}>
          Undo
        </button>
      )}
    </li>
  );
}

// EEMUA 191 takes 144 alarms a day as what one person can handle.
const kGoalPerHour = 6;

export function Figures() {
  const figures = inbox.value?.figures;
  if (!figures) return null;
  return (
    <dl class="inbox-figures">
      <div>
        <dt>{number(figures.alarms_per_hour)} alarms per h</dt>
        <dd>goal: under {kGoalPerHour}</dd>
      </div>
      <div>
        <dt>{figures.median_to_verdict_ms === null ? "no verdict yet" : ageWhole(figures.median_to_verdict_ms)}</dt>
        <dd>median to a verdict</dd>
      </div>
      <div>
        <dt>
          {figures.real} of {figures.known}
        </dt>
        <dd>real, last 90 days</dd>
      </div>
    </dl>
  );
}
