import assert from "node:assert/strict";
import { test } from "node:test";
import { kPolicyFields, policyWords, readFields } from "./policy.ts";
import { actionsOf, askWords, cohortWords, hardwareOf, inOrder, listWords, memberView, memberWords, namesIn, needPerson, partDone, progressWords, stateWords, wavesOf, waveWords, type Wave } from "./rollout.ts";
import type { Member, MemberState, Policy, Rollout, RolloutState } from "./rollout_types.ts";

const kPolicy: Policy = { waves: [0.01, 0.1, 0.5, 1], success_share: 0.9, failure_share: 0.05, failures_min: 1, wave_min_s: 600, approval: true };

const member = (state: MemberState, more: Partial<Member> = {}): Member => ({
  device: "a-01", site: "alder", wave: 0, state, status: state === "waiting" ? "" : "IN_PROGRESS", phase: "", progress: "", reason: "", serving: "",
  updated_ms: 0, online: true, undo_status: "", ...more,
});

const rollout = (state: RolloutState, more: Partial<Rollout> = {}): Rollout => ({
  id: "r-1", target: "models/pump/2.tar", line: "pump", release: 2, name: "pump", version: "2", digest: "", state, wave: 2, waves: 4, wave_since_ms: 0,
  reason: "", created_ms: Date.UTC(2026, 10, 9, 12), ended_ms: null, created_by: "ana", cohort: {}, devices: 22, counts: { committed: 6 }, ...more,
});

test("what moves is not heard without the gateway, and without the hub", () => {
  for (const state of ["waiting", "queued", "fetching", "proving", "shadow", "probation"] as const) {
    assert.deepEqual(memberView(member(state), true), { state, was: null });
    assert.deepEqual(memberView(member(state, { online: false }), true), { state: "not_heard", was: state });
    assert.deepEqual(memberView(member(state), false), { state: "not_heard", was: state });
  }
  for (const state of ["committed", "went_back", "refused", "undone"] as const)
    assert.deepEqual(memberView(member(state, { online: false }), false), { state, was: null }, "what has ended stays true");
  assert.equal(memberView(member("polishing" as MemberState), true).state, "not_heard", "a word from a newer hub claims nothing");
});

test("part done is told only where there is something to measure against", () => {
  assert.equal(partDone("12/48"), 0.25);
  assert.equal(partDone("9/0"), null);
  assert.equal(partDone("212"), null);
  assert.equal(partDone("212", 424), 0.5);
  assert.equal(partDone("500", 424), 1);
  assert.equal(progressWords("fetching", "1200/4500"), "1,200 of 4,500 blocks");
  assert.equal(progressWords("shadow", "212"), "212 windows");
  assert.equal(progressWords("shadow", ""), "");
});

test("waves say their reach, and a small fleet has fewer of them", () => {
  const members = [member("committed"), member("committed", { wave: 1 }), member("went_back", { wave: 2 }), member("shadow", { wave: 2 }), member("waiting", { wave: 3 })];
  const waves = wavesOf({ state: "running", wave: 2 }, kPolicy, members);
  assert.deepEqual(waves.map((wave) => [wave.name, wave.place]), [["Canary", "before"], ["Wave 2", "before"], ["Wave 3", "now"], ["Wave 4", "next"]]);
  assert.deepEqual(waves.map((wave) => waveWords(wave, true, false)), ["1 of 1", "10 %, 1 of 1 more", "50 %, 0 of 2 more, 1 went back", "all, 1 more"]);
  assert.equal(waveWords(waves[3] as Wave, true, true), "all, 1 more, waits for approval");
  const few = wavesOf({ state: "done", wave: 1 }, kPolicy, members.slice(0, 2));
  assert.deepEqual(few.map((wave) => [wave.place, waveWords(wave, true, false)]), [["before", "1 of 1"], ["before", "all, 1 of 1 more"]]);
});

test("states and rows read as sentences", () => {
  assert.equal(stateWords(rollout("running")), "Wave 3 of 4");
  assert.equal(stateWords(rollout("paused")), "Paused in wave 3");
  assert.equal(stateWords(rollout("halted")), "Halted");
  assert.equal(listWords(rollout("running")), "wave 3, 6 of 22 committed");
  assert.equal(listWords(rollout("done", { counts: { committed: 22 } })), "9 Nov, all 22 committed");
  assert.equal(listWords(rollout("halted", { reason: "2 of 3 gateways went back" })), "9 Nov, halted: 2 of 3 gateways went back");
});

test("what is under way comes first, and what needs a person is the newest of its line", () => {
  const list = [rollout("done", { id: "a", created_ms: 3 }), rollout("running", { id: "b", created_ms: 1 }), rollout("halted", { id: "c", created_ms: 2 })];
  assert.deepEqual(inOrder(list).map((one) => one.id), ["b", "a", "c"]);
  assert.deepEqual(needPerson(list).map((one) => one.id), [], "a rollout came after the halted one");
  assert.deepEqual(needPerson([rollout("halted", { id: "c" }), rollout("waiting", { id: "d", line: "fan" })]).map((one) => one.id), ["c", "d"]);
});

test("only what the hub would take is offered", () => {
  assert.deepEqual(actionsOf(rollout("waiting")), ["approve", "pause", "abort", "reverse"]);
  assert.deepEqual(actionsOf(rollout("done")), ["reverse"]);
  assert.deepEqual(actionsOf(rollout("aborted", { counts: {} })), []);
  assert.deepEqual(actionsOf(rollout("reversing")), []);
});

test("the question before a step back names how many gateways", () => {
  const members = [member("committed"), member("committed"), member("probation"), member("waiting"), member("went_back")];
  assert.equal(askWords("reverse", "pump 2", members), "2 gateways that took pump 2 go back to the model before. 1 gateway that tries it now stops trying. No more begin.");
  assert.equal(askWords("abort", "pump 2", members), "1 gateway that tries it now stops trying. 2 gateways that took pump 2 keep it. No more begin.");
});

test("a gateway's last word", () => {
  assert.equal(memberWords(member("went_back", { reason: "confidence fell by 0.062" }), true), "Went back: confidence fell by 0.062");
  assert.equal(memberWords(member("fetching", { progress: "12/45" }), true), "Fetching: 12 of 45 blocks");
  assert.equal(memberWords(member("fetching", { progress: "12/45" }), false), "Not heard, was fetching");
  assert.equal(memberWords(member("committed", { undo_status: "QUEUED" }), true), "Committed, goes back next");
});

test("the form's fields become a policy, or name the one that cannot be meant", () => {
  assert.deepEqual(readFields(kPolicyFields), { policy: kPolicy });
  const faults: [Partial<typeof kPolicyFields>, string][] = [
    [{ waves: "" }, "waves"], [{ waves: "50, 10, 100" }, "waves"], [{ waves: "10, 50" }, "waves"], [{ success: "101" }, "success"],
    [{ failures: "0" }, "failures"], [{ failures: "1.5" }, "failures"], [{ failure: "x" }, "failure"], [{ minutes: "-1" }, "minutes"],
  ];
  for (const [change, field] of faults) assert.equal((readFields({ ...kPolicyFields, ...change }) as { field: string }).field, field);
  assert.deepEqual(policyWords(kPolicy).map(([, rule]) => rule).slice(0, 3), [
    "1 %, 10 %, 50 %, all", "when 90 % committed, after 10 min at least", "above 5 % that went back, from 1 gateway on",
  ]);
});

test("a cohort is told in words", () => {
  assert.equal(cohortWords({}), "all gateways");
  assert.equal(cohortWords({ sites: ["alder"], hardware: ["Raspberry Pi 4"] }), "plants alder; hardware Raspberry Pi 4");
  assert.equal(cohortWords({ devices: ["a", "b", "c", "d", "e", "f"] }), "gateways a, b, c, d and 2 more");
});

test("hardware that gateways tell, each once", () => {
  assert.deepEqual(hardwareOf([{ hardware: "Raspberry Pi 4" }, {}, { hardware: "" }, { hardware: "Jetson Nano" }, { hardware: "Raspberry Pi 4" }]), ["Jetson Nano", "Raspberry Pi 4"]);
  assert.deepEqual(namesIn(" pump, ,fan"), ["pump", "fan"]);
});
