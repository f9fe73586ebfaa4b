import assert from "node:assert/strict";
import { test } from "node:test";
import { hold } from "./hold.ts";

test("a list that nobody touches follows the wanted order", () => {
  assert.deepEqual(hold(["a", "b"], ["c", "b", "a"], false), { ids: ["c", "b", "a"], waiting: 0 });
});

test("the first showing is never held back", () => {
  assert.deepEqual(hold(null, ["a"], true), { ids: ["a"], waiting: 0 });
  assert.deepEqual(hold([], ["a"], true), { ids: ["a"], waiting: 0 }, "an empty list has nothing to hold");
});

test("while held, nothing moves, nothing leaves, and what is new is counted", () => {
  const held = hold(["a", "b", "c"], ["x", "c", "y", "a"], true);
  assert.deepEqual(held.ids, ["a", "b", "c"]);
  assert.equal(held.waiting, 2);
});

test("for any sequence of changes a held row keeps its index", () => {
  let seed = 7;
  const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
  const pool = [..."abcdefghij"];
  let shown = hold(null, pool.slice(0, 5), true).ids;
  const before = [...shown];
  for (let n = 0; n < 200; n += 1) {
    const wanted = pool.filter(() => random() > 0.4).sort(() => random() - 0.5);
    shown = hold(shown, wanted, true).ids;
    assert.deepEqual(shown, before);
  }
});
