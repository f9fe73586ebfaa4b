// The inbox in a real browser against the mock hub: two keys a verdict, undo, one cause, a hub that is away.
import assert from "node:assert/strict";
import { until } from "./harness.mjs";

const rows = (page) => page.locator(".alarm-row").evaluateAll((all) => all.map((row) => row.dataset.id));
const toast = (page) => page.locator(".toast").innerText().catch(() => "");
const verdictOf = (hub, id) => hub.fleet.alarms.get(id).verdict;

async function open(scope, change = () => undefined) {
  const hub = await scope.mock();
  change(hub);
  const page = await scope.page(`${hub.url}#/alarms`);
  await page.locator(".alarm-row").first().waitFor();
  await until(() => page.getByRole("button", { name: /Confirm/ }).isEnabled(), "the inbox has been read");
  return { hub, page };
}

async function twoKeys(scope) {
  const { hub, page } = await open(scope);
  const [first, second] = await rows(page);
  await page.keyboard.press("r");
  await page.getByText("Reject, because").waitFor();
  await scope.axe(page, "step two of a rejection");
  await page.keyboard.press("2");
  await until(async () => /P-102 rejected: process change. Saved/.test(await toast(page)), "saved");
  assert.equal(verdictOf(hub, first).reason, "process_change");
  await until(async () => (await rows(page))[0] === second, "it left the list");
  await until(() => page.url().includes(encodeURIComponent(second)), "the next one is chosen");
  await page.keyboard.press("c");
  await page.keyboard.press("Enter");
  await until(() => verdictOf(hub, second)?.state === "TRUE_POSITIVE", "Enter takes the first: the model's own word");
  assert.equal(verdictOf(hub, second).fault, "unbalance");
  await until(async () => (await page.locator(".judged li").count()) === 2, "both are in today's list");
  await scope.axe(page, "the inbox with verdicts");
  await page.keyboard.press("u");
  await until(() => verdictOf(hub, second) === null, "u takes the last back");
  await page.getByRole("button", { name: "Undo" }).last().click();
  await until(() => verdictOf(hub, first) === null, "Undo stays in the list");
  await page.mouse.move(700, 20); // under the pointer nothing moves
  await until(async () => (await rows(page))[0] === first, "both are to be judged again");
}

async function otherWays(scope) {
  const { hub, page } = await open(scope);
  const [first, second, third, fourth] = await rows(page);
  await page.keyboard.press("s");
  await page.keyboard.press("2");
  await until(() => hub.fleet.alarms.get(first).shelved?.until_ms > Date.now() + 7 * 3_600_000, "shelved for 8 h");
  await until(() => page.url().includes(encodeURIComponent(second)), "next");
  await page.keyboard.press("n");
  await until(() => verdictOf(hub, second)?.state === "UNKNOWN", "not checked");
  await until(() => page.url().includes(encodeURIComponent(third)), "next");
  await page.keyboard.press("a");
  await page.getByLabel("What do you want to know?").fill("Is it the coupling?");
  await page.keyboard.press("Control+Enter");
  await until(() => hub.fleet.alarms.get(third).asked?.note === "Is it the coupling?", "asked");
  await until(() => page.url().includes(encodeURIComponent(fourth)), "next");
  await page.keyboard.press("r");
  await page.keyboard.press("6");
  await page.getByLabel("Why is it no fault?").fill("A bird on the sensor");
  await page.getByRole("button", { name: /Reject with this note/ }).click();
  await until(() => verdictOf(hub, fourth)?.note === "A bird on the sensor", "with its note");
  await page.getByRole("button", { name: /Shelved/ }).click();
  await until(async () => (await rows(page)).join() === first, "the shelved one");
  await page.getByRole("button", { name: /Second opinion/ }).click();
  await until(async () => (await rows(page)).join() === third, "the question");
  await page.locator(".alarm-row").first().click();
  await page.getByText("Is it the coupling?").waitFor();
}

async function oneCause(scope) {
  const { hub, page } = await open(scope, (mock) => {
    for (const key of ["birch/SP-12", "alder/GB-302"]) for (const alarm of mock.fleet.alarms.values()) if (`${alarm.site}/${alarm.asset}` === key) Object.assign(alarm, { cause_id: "bump", site: "alder" });
  });
  const caused = [...hub.fleet.alarms.values()].filter((alarm) => alarm.cause_id === "bump");
  assert.equal(caused.length, 2);
  await until(async () => /2 alarms, one cause/.test(await page.locator(".alarm-list").innerText()), "one row");
  await page.locator(".alarm-row", { hasText: "one cause" }).click();
  await page.keyboard.press("r");
  await page.getByText("applies to 2 alarms of one cause").waitFor();
  await page.keyboard.press("3");
  await until(() => caused.every((alarm) => verdictOf(hub, alarm.id)?.reason === "known_work"), "both at once");
}

async function waitsForTheHub(scope) {
  scope.failuresExpected = true;
  const { hub, page } = await open(scope);
  const [first] = await rows(page);
  await page.route("**/api/v1/verdicts", (route) => route.abort());
  await page.keyboard.press("c");
  await page.keyboard.press("1");
  await until(async () => /Waits in this browser/.test(await toast(page)), "it says so");
  await until(async () => /1 verdict wait here/.test(await page.locator(".top").innerText()), "on every screen");
  assert.equal(verdictOf(hub, first) ?? null, null);
  await page.reload();
  await page.locator(".alarm-row").first().waitFor();
  assert.ok(!(await rows(page)).includes(first), "it is not asked again");
  await page.unroute("**/api/v1/verdicts");
  await until(() => verdictOf(hub, first)?.state === "TRUE_POSITIVE", "it is sent when the hub is back", 15_000);
  await until(async () => !/wait here/.test(await page.locator(".top").innerText()), "and waits no more");
}

export const inboxTests = [
  { name: "inbox: two keys a verdict, and undo", run: twoKeys },
  { name: "inbox: shelve, not checked, ask, a note", run: otherWays },
  { name: "inbox: one cause is judged at once", run: oneCause },
  { name: "inbox: a verdict waits for the hub, over a reload", run: waitsForTheHub },
];
