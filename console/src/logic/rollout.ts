// What the rollout screen may claim, and in which words. The hub says in which state each gateway is; the console only
// ever makes that less certain: what still moves and is not heard now is not known.
import { count, day, plural, share } from "./format.ts";
import type { Cohort, Member, MemberState, Policy, Rollout, RolloutState } from "./rollout_types.ts";

/** The order of the legend: what is safe first, what has not begun last. */
export const kMemberOrder: readonly MemberState[] = [
  "committed", "probation", "shadow", "proving", "fetching", "went_back", "refused", "undone", "queued", "waiting", "not_heard",
];

export const kMemberWords: Record<MemberState, string> = {
  committed: "committed",
  probation: "probation",
  shadow: "shadow",
  proving: "proving",
  fetching: "fetching",
  went_back: "went back",
  refused: "refused",
  undone: "sent back",
  queued: "queued",
  waiting: "waiting",
  not_heard: "not heard",
};

const kSettled: ReadonlySet<MemberState> = new Set<MemberState>(["committed", "went_back", "refused", "undone"]);

export interface MemberView {
  state: MemberState;
  /** What was last known of it, where that is not now. */
  was: MemberState | null;
}

/** What has ended stays true; what was moving, or is yet to begin, is known only while gateway and hub are heard. */
export function memberView(member: Member, connected: boolean): MemberView {
  const known = member.state in kMemberWords ? member.state : "not_heard";
  if (kSettled.has(known) || known === "not_heard" || (connected && member.online)) return { state: known, was: null };
  return { state: "not_heard", was: known };
}

export function tallyMembers(members: readonly Member[], connected: boolean): Map<MemberState, number> {
  const counts = new Map<MemberState, number>();
  for (const member of members) {
    const { state } = memberView(member, connected);
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return counts;
}

/**
 * "12/45" as a share; null where nothing is told to measure against. A trial counts windows only: these are measured
 * against the least that the rollout asks for, where it asks.
 */
export function partDone(progress: string, windowsMin = 0): number | null {
  const found = /^(\d+)(?:\/(\d+))?$/.exec(progress);
  if (!found) return null;
  const all = Number(found[2] ?? windowsMin);
  return all > 0 ? Math.min(1, Number(found[1]) / all) : null;
}

/** "12 of 45 blocks", "212 of 400 windows": as much as the gateway told. */
export function progressWords(state: MemberState, progress: string): string {
  if (progress === "") return "";
  const what = state === "fetching" ? "blocks" : state === "shadow" || state === "probation" ? "windows" : "";
  const found = /^(\d+)\/(\d+)$/.exec(progress);
  const words = found ? `${count(Number(found[1]))} of ${count(Number(found[2]))}` : /^\d+$/.test(progress) ? count(Number(progress)) : progress;
  return /\d$/.test(words) ? `${words} ${what}`.trim() : words;
}

export interface Wave {
  index: number;
  name: string;
  share: number;
  members: Member[];
  place: "before" | "now" | "next";
}

export const waveName = (index: number): string => (index === 0 ? "Canary" : `Wave ${index + 1}`);

const kUnderWay: ReadonlySet<RolloutState> = new Set<RolloutState>(["running", "waiting", "paused"]);

/** The waves that have gateways: a small fleet may be done before the last share. */
export function wavesOf(rollout: { state: RolloutState; wave: number }, policy: Policy, members: readonly Member[]): Wave[] {
  const last = members.reduce((most, member) => Math.max(most, member.wave), -1);
  const shareOf = (index: number) => (index === last ? 1 : (policy.waves[index] ?? 1));
  const waves = Array.from({ length: last + 1 }, (_, index): Wave => ({
    index,
    name: waveName(index),
    share: shareOf(index),
    members: [],
    place: !kUnderWay.has(rollout.state) || index < rollout.wave ? "before" : index === rollout.wave ? "now" : "next",
  }));
  for (const member of members) waves[member.wave]?.members.push(member);
  return waves.filter((wave) => wave.members.length > 0);
}

const percent = (part: number): string => (part < 0.01 ? `${Number((100 * part).toPrecision(2))} %` : share(part));

/** "50 %, 3 of 8 more, 1 went back"; `waits`: it is the wave that a person has to approve. */
export function waveWords(wave: Wave, connected: boolean, waits: boolean): string {
  const counts = tallyMembers(wave.members, connected);
  const all = wave.members.length;
  const more = wave.index === 0 ? "" : " more";
  const reach = wave.index === 0 ? "" : wave.share >= 1 ? "all, " : `${percent(wave.share)}, `;
  if (wave.place === "next") return `${reach}${count(all)}${more}${waits ? ", waits for approval" : ""}`;
  const back = (counts.get("went_back") ?? 0) + (counts.get("refused") ?? 0);
  const undone = counts.get("undone") ?? 0;
  return [
    `${reach}${count(counts.get("committed") ?? 0)} of ${count(all)}${more}`,
    ...(back > 0 ? [`${count(back)} went back`] : []),
    ...(undone > 0 ? [`${count(undone)} sent back`] : []),
  ].join(", ");
}

export function stateWords(rollout: Pick<Rollout, "state" | "wave" | "waves">): string {
  if (rollout.state === "running") return `Wave ${rollout.wave + 1} of ${rollout.waves}`;
  if (rollout.state === "waiting") return "Waits for approval";
  if (rollout.state === "paused") return `Paused in wave ${rollout.wave + 1}`;
  return rollout.state.charAt(0).toUpperCase() + rollout.state.slice(1);
}

/** The second line of a rollout in the list. */
export function listWords(rollout: Rollout): string {
  const committed = rollout.counts.committed ?? 0;
  const share = `${committed === rollout.devices ? `all ${count(committed)}` : `${count(committed)} of ${count(rollout.devices)}`} committed`;
  const when = day(rollout.ended_ms ?? rollout.created_ms);
  const because = rollout.reason ? `: ${rollout.reason}` : "";
  switch (rollout.state) {
    case "running":
      return `wave ${rollout.wave + 1}, ${share}`;
    case "waiting":
      return `waits for approval, ${share}`;
    case "paused":
      return `paused in wave ${rollout.wave + 1}, ${share}`;
    case "done":
      return `${when}, ${share}`;
    case "reversing":
      return `going back, ${count(rollout.counts.undone ?? 0)} of ${count(committed + (rollout.counts.undone ?? 0))}`;
    default:
      return `${when}, ${rollout.state}${because}`;
  }
}

export type Group = "Running" | "Earlier";
export const isOver = (state: RolloutState): boolean => !kUnderWay.has(state) && state !== "reversing";
export const groupOf = (rollout: Rollout): Group => (isOver(rollout.state) ? "Earlier" : "Running");

/** What is under way first, then the newest first. */
export function inOrder(list: readonly Rollout[]): Rollout[] {
  return [...list].sort(
    (a, b) => Number(isOver(a.state)) - Number(isOver(b.state)) || b.created_ms - a.created_ms || (a.id < b.id ? -1 : 1),
  );
}

/** Waits for a person's word, or halted and nothing of its line came after it. */
export function needPerson(list: readonly Rollout[]): Rollout[] {
  const newest = new Map<string, number>();
  for (const one of list) newest.set(one.line, Math.max(newest.get(one.line) ?? 0, one.created_ms));
  return list.filter((one) => one.state === "waiting" || (one.state === "halted" && one.created_ms === newest.get(one.line)));
}

export type Action = "pause" | "resume" | "approve" | "abort" | "reverse";

/** What the hub would take now. A rollout that is over and that nobody took has nothing to reverse. */
export function actionsOf(rollout: Pick<Rollout, "state" | "counts">): Action[] {
  switch (rollout.state) {
    case "running":
      return ["pause", "abort", "reverse"];
    case "waiting":
      return ["approve", "pause", "abort", "reverse"];
    case "paused":
      return ["resume", "abort", "reverse"];
    case "reversing":
    case "reversed":
      return [];
    default:
      return (rollout.counts.committed ?? 0) > 0 ? ["reverse"] : [];
  }
}

const kTrying: readonly MemberState[] = ["queued", "fetching", "proving", "shadow", "probation", "not_heard"];

/** How many a step back concerns: those that took the model, and those whose job is still open. */
export function concerned(members: readonly Member[]): { back: Member[]; stop: Member[] } {
  return {
    back: members.filter((one) => one.state === "committed"),
    stop: members.filter((one) => kTrying.includes(one.state) && one.status !== ""),
  };
}

/** What a question before Abort or Reverse says: how many gateways, and what becomes of them. */
export function askWords(action: "abort" | "reverse", name: string, members: readonly Member[]): string {
  const { back, stop } = concerned(members);
  const stopped = stop.length > 0 ? `${plural(stop.length, "gateway")} that ${stop.length === 1 ? "tries" : "try"} it now ${stop.length === 1 ? "stops" : "stop"} trying. ` : "";
  if (action === "abort")
    return `${stopped}${back.length > 0 ? `${plural(back.length, "gateway")} that took ${name} ${back.length === 1 ? "keeps" : "keep"} it. ` : ""}No more begin.`;
  return `${back.length > 0 ? `${plural(back.length, "gateway")} that took ${name} ${back.length === 1 ? "goes" : "go"} back to the model before. ` : ""}${stopped}No more begin.`;
}

/** "Went back: confidence fell by 0.062", what a gateway told last. */
export function memberWords(member: Member, connected: boolean): string {
  const { state, was } = memberView(member, connected);
  if (state === "not_heard") return `Not heard${was ? `, was ${kMemberWords[was]}` : ""}${member.reason ? `: ${member.reason}` : ""}`;
  const word = kMemberWords[state].charAt(0).toUpperCase() + kMemberWords[state].slice(1);
  const undo = state === "committed" && /^(QUEUED|IN_PROGRESS)$/.test(member.undo_status) ? ", goes back next" : "";
  const told = member.reason || (kSettled.has(state) ? "" : progressWords(state, member.progress));
  return `${word}${undo}${told ? `: ${told}` : ""}`;
}

/** "plants alder, birch; hardware Raspberry Pi 4": whom a rollout is for. */
export function cohortWords(cohort: Cohort): string {
  const kMax = 4;
  const part = (what: string, names: string[] | undefined) => {
    if (!names || names.length === 0) return [];
    const more = names.length > kMax ? ` and ${count(names.length - kMax)} more` : "";
    return [`${what} ${names.slice(0, kMax).join(", ")}${more}`];
  };
  const parts = [...part("plants", cohort.sites), ...part("hardware", cohort.hardware), ...part("machines of class", cohort.machine_classes), ...part("gateways", cohort.devices)];
  return parts.join("; ") || "all gateways";
}

/** What gateways say they run on, each once; those that do not tell are left out. */
export const hardwareOf = (devices: readonly { hardware?: string }[]): string[] => [...new Set(devices.map((one) => one.hardware ?? ""))].filter((kind) => kind !== "").sort();

/** "pump, fan" as a list. */
export const namesIn = (text: string): string[] =>
  text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
