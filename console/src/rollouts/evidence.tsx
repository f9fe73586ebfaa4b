// What each gateway found in its trial, in its own words, and with which model it decides; and the log of the rollout.
import { useState } from "preact/hooks";
import { ageWhole, clock, count, day, dayClock, sentence } from "../logic/format.ts";
import { kMemberOrder, kMemberWords, memberView, memberWords, progressWords, waveName } from "../logic/rollout.ts";
import type { LogEntry, Member, MemberState } from "../logic/rollout_types.ts";
import { connected, nowMs, plants } from "../store.ts";
import { HeldBar, useHeld } from "../ui/held.tsx";
import { At } from "../ui/parts.tsx";
import { Icon } from "../ui/shapes.tsx";
import { MemberShape } from "./shapes.tsx";
import type { Choice } from "./waves.tsx";

const kFirst = 8; // what matters is sorted to the top; the log stays near
const kPage = 50;
// What asks to be read comes first: who did not take it, then who is trying it now.
const kReadOrder: readonly MemberState[] = [
  "went_back", "refused", "not_heard", "probation", "shadow", "proving", "fetching", "undone", "committed", "queued", "waiting",
];
const rank = new Map(kReadOrder.map((state, index) => [state, index]));
// Not heard, but nothing was asked of it yet: that can wait.
const rankOf = (member: Member, state: MemberState) => rank.get(state === "not_heard" && member.status === "" ? "queued" : state) ?? 0;

function told(member: Member, state: MemberState, was: MemberState | null): string {
  if (member.reason) return sentence(member.reason);
  if (was) return `was ${kMemberWords[was]}${member.progress ? `, ${progressWords(was, member.progress)}` : ""}`;
  if (member.offered_from_ms && member.status !== "") return `waits for its plant's window, from ${dayClock(member.offered_from_ms)}`;
  if (member.offered_from_ms) return `its wave has not come, nor its plant's window: ${dayClock(member.offered_from_ms)}`;
  if (member.status === "") return "its wave has not come";
  if (member.status === "CANCELED") return "its job was taken back";
  if (state === "not_heard") return "its job waits for it";
  if (state === "queued") return "has its job, has not begun";
  if (state === "committed") return /^(QUEUED|IN_PROGRESS)$/.test(member.undo_status) ? "goes back next" : "took it after its trial";
  return progressWords(state, member.progress) || "–";
}

function EvidenceRow({ member, served }: { member: Member; served: string | null }) {
  const { state, was } = memberView(member, connected.value);
  return (
    <tr data-device={member.device}>
      <th scope="row">{member.device}</th>
      <td>{plants.value?.find((one) => one.site === member.site)?.name ?? member.site}</td>
      <td>{waveName(member.wave)}</td>
      <td class={state === "not_heard" ? "state-unknown" : ""}>
        <MemberShape state={state} /> {kMemberWords[state]}
      </td>
      <td class="told">{told(member, state, was)}</td>
      <td title={member.serving || undefined}>{served ?? "–"}</td>
      <td class="right">{member.updated_ms ? <At ms={member.updated_ms}>{ageWhole(nowMs.value - member.updated_ms)} ago</At> : "–"}</td>
    </tr>
  );
}

interface Found {
  members: readonly Member[];
  choice: Choice;
  servedBy: (member: Member) => string | null;
}

export function Evidence({ members, choice, servedBy }: Found) {
  const [limit, setLimit] = useState(kFirst);
  const known = new Map(members.map((one) => [one.device, one]));
  const wanted = members
    .map((member) => ({ member, state: memberView(member, connected.value).state }))
    .filter(({ member, state }) => (choice.state === null || state === choice.state) && (choice.device === null || member.device === choice.device))
    .sort((a, b) => rankOf(a.member, a.state) - rankOf(b.member, b.state) || a.member.wave - b.member.wave || (a.member.device < b.member.device ? -1 : 1))
    .map(({ member }) => member.device);
  const held = useHeld(wanted, `${choice.state} ${choice.device} ${members.length}`);
  const shown = held.ids.slice(0, limit).flatMap((device) => known.get(device) ?? []);
  return (
    <section class="panel" aria-label="What each gateway found" {...held.on}>
      <h2 class="panel-head">What each gateway found</h2>
      {held.waiting > 0 && <HeldBar holder={held} order="Who did not take it first" />}
      <div class="table-scroll" tabIndex={0} role="region" aria-label="Table of what each gateway found">
        <table class="table evidence">
          <thead>
            <tr>
              <th scope="col">Gateway</th>
              <th scope="col">Plant</th>
              <th scope="col">Wave</th>
              <th scope="col">State</th>
              <th scope="col">Found</th>
              <th scope="col">Decides with</th>
              <th scope="col" class="right">
                Changed
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((member) => (
              <EvidenceRow key={member.device} member={member} served={servedBy(member)} />
            ))}
          </tbody>
        </table>
      </div>
      <footer class="table-foot">
        {count(shown.length)} of {count(members.length)} gateways
        {held.ids.length > limit && (
          <button class="link" onClick={() => setLimit(limit + kPage)}>
            Show more
          </button>
        )}
      </footer>
    </section>
  );
}

interface News {
  key: string;
  at: number;
  who: string;
  state: MemberState | null;
  text: string;
}

const kNewsMax = 40;
const kDayMs = 24 * 3_600_000;

/** What people and rules did, and the latest of each gateway, newest first. */
function newsOf(log: readonly LogEntry[], members: readonly Member[]): News[] {
  const done = log.map((one): News => ({
    key: `${one.at_ms} ${one.what}`,
    at: one.at_ms,
    who: one.who,
    state: null,
    text: `${one.what === "rollout running" ? "Resumed" : sentence(one.what.replace(/^rollout /, ""))}${one.detail ? `: ${one.detail}` : ""}`,
  }));
  const told = members
    .filter((one) => one.updated_ms && kMemberOrder.indexOf(one.state) < kMemberOrder.indexOf("queued"))
    .map((one): News => ({ key: one.device, at: one.updated_ms ?? 0, who: one.device, state: one.state, text: memberWords(one, true) }));
  return [...done, ...told].sort((a, b) => b.at - a.at).slice(0, kNewsMax);
}

export function Log({ log, members }: { log: readonly LogEntry[]; members: readonly Member[] }) {
  const news = newsOf(log, members);
  const known = new Map(news.map((one) => [one.key, one]));
  const held = useHeld(news.map((one) => one.key));
  return (
    <section class="panel log" aria-label="Log" {...held.on}>
      <h2 class="panel-head">Log</h2>
      {held.waiting > 0 && <HeldBar holder={held} order="Newest first" />}
      <ol>
        {held.ids.flatMap((key) => known.get(key) ?? []).map((one) => (
          <li key={one.key}>
            <At ms={one.at}>{nowMs.value - one.at < kDayMs ? clock(one.at) : day(one.at)}</At>
            {one.state ? <MemberShape state={one.state} /> : <Icon name="model" size={14} />}
            <b>{one.who}</b>
            <span>{one.text}</span>
          </li>
        ))}
        {news.length === 0 && <li class="log-none">Nothing has happened yet.</li>}
      </ol>
    </section>
  );
}
