// How far the model has come: one cell a gateway, wave by wave; above sixty gateways a bar a state.
import { count } from "../logic/format.ts";
import { kMemberOrder, kMemberWords, memberView, memberWords, partDone, tallyMembers, waveWords, type Wave } from "../logic/rollout.ts";
import type { Member, MemberState } from "../logic/rollout_types.ts";
import { connected, plants } from "../store.ts";
import { MemberShape } from "./shapes.tsx";

const kCellsMax = 60;
const kColumnsMax = 4;
const kColumnPx = 62; // a cell with a short name
const kPaddingPx = 23;
const kWordsPx = 124; // "10 %, 2 of 2 more" on one line
const kLastWordsPx = 216; // "all, 1 more, waits for approval"

export interface Choice {
  state: MemberState | null;
  device: string | null;
}
export const kAll: Choice = { state: null, device: null };

interface Shared {
  waves: readonly Wave[];
  members: readonly Member[];
  choice: Choice;
  choose: (choice: Choice) => void;
  /** A place that was only planned: nothing runs there yet. */
  planned?: boolean;
  /** The least that the rollout asks of a trial; 0: as each gateway asks. */
  windowsMin?: number | undefined;
}

function Cell({ member, choice, choose, planned, windowsMin }: { member: Member } & Pick<Shared, "choice" | "choose" | "planned" | "windowsMin">) {
  const { state } = memberView(member, connected.value);
  const done = partDone(member.progress, windowsMin);
  const chosen = choice.device === member.device;
  const plant = plants.value?.find((one) => one.site === member.site)?.name ?? member.site;
  const inside = (
    <>
      <MemberShape state={state} />
      <span class="gw-name">{member.device}</span>
      {done !== null && state !== "not_heard" && <i class="gw-bar" style={{ width: `${100 * done}%` }} />}
    </>
  );
  const plan = state === "not_heard" ? "Not heard now: gets it when it returns" : "Heard now";
  const title = `${member.device}, ${plant}. ${planned ? plan : memberWords(member, connected.value)}`;
  if (planned)
    return (
      <li class={`gw gw-${state}`} title={title}>
        {inside}
        <span class="unseen">, {kMemberWords[state]}</span>
      </li>
    );
  return (
    <li>
      <button
        class={`gw gw-${state}`}
        data-gateway={member.device}
        data-state={state}
        title={title}
        aria-pressed={chosen}
        aria-label={`${member.device}, ${kMemberWords[state]}`}
        onClick={() => choose(chosen ? kAll : { state: null, device: member.device })}
      >
        {inside}
      </button>
    </li>
  );
}

function Bars({ members }: { members: readonly Member[] }) {
  const counts = tallyMembers(members, connected.value);
  return (
    <ul class="wave-bars">
      {kMemberOrder
        .filter((state) => (counts.get(state) ?? 0) > 0)
        .map((state) => (
          <li key={state} class={`gw-${state}`}>
            <MemberShape state={state} />
            <span>
              <b>{count(counts.get(state) ?? 0)}</b> {kMemberWords[state]}
            </span>
            <i class="wave-bar">
              <i style={{ width: `${(100 * (counts.get(state) ?? 0)) / members.length}%` }} />
            </i>
          </li>
        ))}
    </ul>
  );
}

export function WavePanel({ waves, members, choice, choose, planned = false, windowsMin, approval }: Shared & { approval: boolean }) {
  const heard = connected.value;
  const cells = members.length <= kCellsMax;
  const last = waves.at(-1)?.index;
  return (
    <div class="waves">
      {waves.map((wave) => {
        const columns = cells ? Math.min(kColumnsMax, Math.ceil(wave.members.length / 2)) : kColumnsMax;
        const wordsPx = wave.index === 0 ? 0 : wave.index === last ? kLastWordsPx : kWordsPx;
        const shown = wave.members.filter((one) => choice.state === null || memberView(one, heard).state === choice.state);
        return (
          <section
            key={wave.index}
            class={`wave wave-${planned ? "planned" : wave.place}`}
            style={{ "--grow": Math.max(0.4, columns - 0.9), "--basis": `${Math.max(wordsPx, kColumnPx * columns + kPaddingPx)}px` }}
            aria-label={wave.name}
            aria-current={wave.place === "now" && !planned ? "step" : undefined}
          >
            <h3>{wave.name}</h3>
            <p class="wave-words">{waveWords(wave, heard, approval && wave.index === last)}</p>
            {cells ? (
              <ul class="gws">
                {shown.map((member) => (
                  <Cell key={member.device} member={member} choice={choice} choose={choose} planned={planned} windowsMin={windowsMin} />
                ))}
              </ul>
            ) : (
              <Bars members={shown} />
            )}
          </section>
        );
      })}
    </div>
  );
}

/** Counts that filter, of every state that a gateway is in. */
export function Legend({ members, choice, choose }: Pick<Shared, "members" | "choice" | "choose">) {
  const counts = tallyMembers(members, connected.value);
  return (
    <div class="wave-legend" role="group" aria-label="Gateways by state">
      {kMemberOrder
        .filter((state) => (counts.get(state) ?? 0) > 0)
        .map((state) => (
          <button
            key={state}
            class="legend-item"
            data-legend={state}
            aria-pressed={choice.state === state}
            onClick={() => choose(choice.state === state ? kAll : { state, device: null })}
          >
            <MemberShape state={state} />
            <b>{count(counts.get(state) ?? 0)}</b> {kMemberWords[state]}
          </button>
        ))}
      {(choice.state !== null || choice.device !== null) && (
        <button class="link legend-all" onClick={() => choose(kAll)}>
          Show all
        </button>
      )}
    </div>
  );
}
