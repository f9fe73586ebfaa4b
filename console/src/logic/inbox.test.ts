import assert from "node:assert/strict";
import { test } from "node:test";
import { after, groups, inView, verdictWords } from "./inbox.ts";
import type { Alarm, Verdict } from "./types.ts";

const kNow = 1_795_000_000_000;
const alarm = (id: string, more: Partial<Alarm> = {}): Alarm => ({ id, site: "alder", cause_id: null, verdict: null, shelved: null, asked: null, ...more }) as Alarm;
const verdict = (more: Partial<Verdict> = {}): Verdict =>
  ({ state: "TRUE_POSITIVE", fault_name: "outer race", reason_words: "", at_ms: kNow - 1000, ...more }) as Verdict;

test("an alarm stands in exactly one of the views that ask for something", () => {
  const cases: [Alarm, string][] = [
    [alarm("a"), "judge"],
    [alarm("b", { shelved: { until_ms: kNow + 1, who: "ana" } }), "shelved"],
    [alarm("c", { shelved: { until_ms: null, who: "ana" } }), "shelved"],
    [alarm("d", { shelved: { until_ms: kNow - 1, who: "ana" } }), "judge"],
    [alarm("e", { asked: { at_ms: kNow, who: "ana", note: "" } }), "opinion"],
    [alarm("f", { verdict: verdict() }), "judged"],
    [alarm("g", { verdict: verdict(), shelved: { until_ms: null, who: "ana" } }), "judged"],
  ];
  for (const [one, want] of cases)
    assert.deepEqual((["judge", "shelved", "judged", "opinion"] as const).filter((view) => inView(one, view, kNow)), [want], one.id);
});

test("what this browser has judged is not asked again, and yesterday's verdicts are not today's", () => {
  assert.equal(inView(alarm("a"), "judge", kNow, true), false);
  assert.equal(inView(alarm("a", { verdict: verdict({ at_ms: kNow - 86_400_001 }) }), "judged", kNow), false);
  assert.equal(inView(alarm("a", { verdict: verdict() }), "all", kNow), true);
});

test("one cause is one row, in the order of its first", () => {
  const list = [alarm("a", { cause_id: "x" }), alarm("b"), alarm("c", { cause_id: "x" }), alarm("d", { cause_id: "x", site: "birch" }), alarm("e")];
  assert.deepEqual(groups(list).map((group) => group.ids), [["a", "c"], ["b"], ["d"], ["e"]]);
});

test("verdicts in words", () => {
  assert.equal(verdictWords(verdict()), "Confirmed: outer race");
  assert.equal(verdictWords(verdict({ state: "BENIGN_POSITIVE", reason_words: "Process change" })), "Rejected: process change");
  assert.equal(verdictWords(verdict({ state: "UNKNOWN", fault_name: "" })), "Not checked");
  assert.equal(verdictWords(verdict({ state: "UNKNOWN", reason_words: "Duplicate" })), "Rejected: duplicate");
});

test("after a verdict the next that stays is chosen", () => {
  const stays = (id: string) => id !== "b";
  assert.equal(after(["a", "b", "c"], "a", stays), "c");
  assert.equal(after(["a", "b", "c"], "c", stays), "a");
  assert.equal(after(["a"], "a", () => false), null);
  assert.equal(after([], "a", () => true), null);
});
