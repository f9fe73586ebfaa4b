// What the console promises, against the mock hub: nothing healthier than known, nothing moves under the hand.
import assert from "node:assert/strict";
import { kSettleMs, pause, until } from "./harness.mjs";

const tile = (page, key) => page.locator(`[data-key="${key}"]`).first();
const boxes = (page, selector) =>
  page.locator(selector).evaluateAll((list) => list.map((one) => {
    const { x, y, width, height } = one.getBoundingClientRect();
    return [one.dataset.id ?? one.getAttribute("aria-label") ?? one.getAttribute("href") ?? "", x, y, width, height];
  }));
const notUnknown = (page) => page.locator('[data-shown]:not([data-shown="unknown"])').count();

async function alarmAppearsLive(scope) {
  const hub = await scope.mock();
  const page = await scope.page(hub.url);
  const before = await tile(page, "alder/P-101").boundingBox();
  assert.match(await tile(page, "alder/P-101").innerText(), /Healthy/);
  hub.raise("alder/P-101", "act", "inner_race");
  await until(async () => /Act now · inner race/.test(await tile(page, "alder/P-101").innerText()), "the tile says act now");
  assert.deepEqual(await tile(page, "alder/P-101").boundingBox(), before, "a change of state reflows nothing");
  await page.getByRole("article", { name: "P-101 Cooling pump 1" }).waitFor();
  await until(async () => /Act now: P-101/.test(await page.locator("#announcer").innerText()), "the alarm is announced");
  assert.equal(await page.locator(".rail-count").innerText(), "6");
  assert.match(await page.locator(".count-act").innerText(), /2\s+Act now/);
}

// The board that was asked for before the alarm arrives after it.
async function lateBoardHidesNoAlarm(scope) {
  const hub = await scope.mock();
  const page = await scope.page(hub.url);
  await tile(page, "alder/P-101").waitFor();
  hub.lateMs.set("board", 1500);
  await page.reload({ waitUntil: "commit" });
  await pause(700);
  hub.raise("alder/P-101", "act", "inner_race");
  await page.getByRole("article", { name: "P-101 Cooling pump 1" }).waitFor();
  hub.lateMs.clear();
  await pause(2500);
  assert.equal(await tile(page, "alder/P-101").getAttribute("data-shown"), "act");
  await page.getByRole("article", { name: "P-101 Cooling pump 1" }).waitFor();
}

async function staleIsNeverHealthy(scope) {
  const hub = await scope.mock();
  const page = await scope.page(hub.url);
  await tile(page, "birch/SP-11").waitFor();
  hub.silence("alder/P-201");
  await until(async () => (await tile(page, "alder/P-201").getAttribute("data-shown")) === "unknown", "one machine is unknown");
  assert.match(await tile(page, "alder/P-201").innerText(), /Unknown, since \d\d:\d\d/);
  hub.cutLink("birch");
  await until(async () => (await page.locator(".plant.is-lost [data-shown]").count()) === 13, "the plant is told as lost");
  assert.equal(await page.locator('.plant.is-lost [data-shown]:not([data-shown="unknown"])').count(), 0);
  assert.match(await tile(page, "birch/SP-11").innerText(), /Was healthy/);
  assert.match(await page.locator(".plant-lost").innerText(), /Link lost 6 min ago.*Shown as of \d\d:\d\d/s);
  assert.match(await page.locator(".currency").innerText(), /Alder live, Birch not current/);
  for (const view of ["Grid", "Table", "Tiles"]) {
    await page.getByRole("button", { name: view, exact: true }).click();
    await page.locator('[data-key="birch/SP-11"]').waitFor();
    assert.equal(await page.locator('[data-key^="birch/"]:not([data-shown="unknown"])').count(), 0, `in ${view}`);
  }
  await page.goto(`${hub.url}#/machines/birch/SP-11`);
  await until(async () => /Unknown/.test(await page.locator(".machine-head .badge").innerText()), "its page says unknown");
  assert.match(await page.locator(".machine-state").innerText(), /Was healthy\. Not current since/);
  // A hub that contradicts itself is not believed.
  const liar = hub.fleet.machines.get("alder/P-310");
  Object.assign(liar, { shown: "healthy", current: false }); // the mock's own ticks lie alike
  hub.send("machine", liar);
  await page.goto(`${hub.url}#/`);
  await until(async () => (await tile(page, "alder/P-310").getAttribute("data-shown")) === "unknown", "not current means unknown");
}

async function lateEventsAreTold(scope) {
  const hub = await scope.mock();
  const page = await scope.page(hub.url);
  await tile(page, "birch/SP-11").waitFor();
  hub.cutLink("birch");
  await page.locator(".plant-lost").waitFor();
  hub.restoreLink("birch", 38);
  await page.locator(".plant-late").waitFor();
  assert.match(await page.locator(".plant-late").innerText(), /^38 events arrived late, /);
  assert.equal(await page.locator(".plant-lost").count(), 0);
}

async function anyRange(scope) {
  const hub = await scope.mock();
  const page = await scope.page(`${hub.url}#/machines/alder/P-102`);
  await page.getByRole("button", { name: "Range", exact: true }).click();
  const from = page.getByRole("textbox", { name: "From" });
  await from.waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("name")), "from");
  const local = (ms) => new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  const to = Math.floor(Date.now() / 60_000) * 60_000 - 3_600_000;
  await from.fill(local(to + 60_000));
  await page.getByRole("textbox", { name: "To" }).fill(local(to));
  await page.getByRole("button", { name: "Show", exact: true }).click();
  assert.match(await page.locator(".range-form [role=alert]").innerText(), /From must be before To/);
  await from.fill(local(to - 2 * 3_600_000));
  const asked = page.waitForRequest((request) => request.url().includes(`from_ms=${to - 2 * 3_600_000}&to_ms=${to}`));
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await asked;
  assert.equal(await page.getByRole("button", { name: "Paused" }).getAttribute("aria-pressed"), "true");
  assert.equal(await page.locator(".range-form").count(), 0);
}

async function hubLost(scope) {
  scope.failuresExpected = true;
  const hub = await scope.mock();
  const page = await scope.page(hub.url);
  await tile(page, "alder/P-101").waitFor();
  const { port } = hub;
  await hub.close();
  await until(async () => (await notUnknown(page)) === 0, "every machine is unknown", 20_000);
  assert.match(await page.locator(".currency").innerText(), /Not current since \d\d:\d\d/);
  assert.match(await tile(page, "alder/P-101").innerText(), /Was healthy/);
  assert.match(await page.locator(".count-healthy").innerText(), /^0/);
  await page.goto(`${hub.url}#/devices`).catch(() => undefined);
  await hub.listen(port);
  await page.goto(hub.url);
  await until(async () => (await notUnknown(page)) > 20, "live again");
}

async function comesBackByItself(scope) {
  scope.failuresExpected = true;
  const hub = await scope.mock();
  const page = await scope.page(hub.url);
  await tile(page, "alder/P-101").waitFor();
  const { port } = hub;
  await hub.close();
  await until(async () => (await notUnknown(page)) === 0, "every machine is unknown", 20_000);
  await hub.listen(port);
  hub.raise("alder/F-210", "warning", "unbalance");
  await until(async () => /Warning/.test(await tile(page, "alder/F-210").innerText()), "what was missed is caught up", 30_000);
  assert.match(await page.locator(".currency").innerText(), /Live/);
}

async function listHolds(scope, page, hub, rows, inside) {
  const before = await boxes(page, rows);
  await inside();
  const gone = [...hub.fleet.alarms.values()].find((alarm) => alarm.asset === "SP-12");
  hub.raise("alder/C-401", "act", "inner_race");
  hub.raise("alder/C-403", "act", "outer_race");
  hub.clear(gone.id);
  await pause(kSettleMs);
  assert.deepEqual(await boxes(page, rows), before, "no row moved");
  const show = page.getByRole("button", { name: "2 new, show" }).first();
  await show.waitFor();
  assert.deepEqual(await boxes(page, rows), before, "the notice moved nothing either");
  return { before, show };
}

async function alarmListHolds(scope) {
  for (const inside of ["pointer", "focus"]) {
    const hub = await scope.mock();
    const page = await scope.page(`${hub.url}#/alarms`);
    await page.locator(".alarm-row").first().waitFor();
    const { before, show } = await listHolds(scope, page, hub, ".alarm-row", () =>
      inside === "pointer" ? page.locator(".alarm-row").nth(1).hover() : page.locator(".alarm-row").nth(1).focus());
    await show.click();
    await page.mouse.move(300, 20);
    await until(async () => (await boxes(page, ".alarm-row")).length === before.length + 2, "two came; what is over is still to judge");
    assert.match(await page.locator(".alarm-row").first().innerText(), /C-40[13]/);
  }
}

async function needsPanelHolds(scope) {
  const hub = await scope.mock();
  const page = await scope.page(hub.url);
  await page.locator(".need").first().waitFor();
  const { show } = await listHolds(scope, page, hub, ".need, .need-row", () => page.locator(".need").nth(1).hover());
  await show.waitFor();
  await page.mouse.move(300, 20);
  await until(async () => /C-40[13]/.test(await page.locator(".need").first().innerText()), "released, it catches up");
}

async function filteredBoardHolds(scope) {
  const hub = await scope.mock();
  const page = await scope.page(hub.url);
  await page.locator(".count-healthy").click();
  await until(async () => (await notUnknown(page)) === 19, "only the healthy ones");
  await tile(page, "alder/P-101").hover();
  const before = await boxes(page, ".tile");
  hub.raise("alder/P-201", "warning", "cavitation");
  await pause(kSettleMs);
  assert.deepEqual(await boxes(page, ".tile"), before, "no tile leaves or moves while the pointer is there");
  assert.match(await page.locator(".counts-space").innerText(), /19 of 29 machines/);
}

async function keysAndPalette(scope) {
  const hub = await scope.mock();
  const page = await scope.page(hub.url);
  await tile(page, "alder/P-101").waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("gb 302 gear");
  await page.keyboard.press("Enter");
  await until(() => page.url().includes("GB-302"), "the palette opens the machine");
  await page.locator(".machine-head").waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".tile").first().waitFor();
  assert.ok(page.url().endsWith("#/"), "Esc goes back to the board");
  await page.keyboard.type("ga");
  await until(() => page.url().endsWith("#/alarms"), "g a");
  await page.locator(".alarm-row[aria-current]").waitFor();
  await page.keyboard.press("j");
  await until(() => page.url().includes("/alarms/birch.SP-12"), "j moves down");
  await page.keyboard.press("o");
  await until(() => page.url().includes("machines/birch/SP-12"), "o opens the machine");
  await page.locator(".machine-head").waitFor();
  await page.keyboard.type("gd");
  await page.locator("[data-device]").first().waitFor();
  await page.keyboard.type("gb");
  await page.locator(".tile").first().waitFor();
  const typing = () => page.evaluate(() => document.activeElement?.tagName === "INPUT");
  await page.keyboard.press("/");
  await until(typing, "/ goes to the filter");
  await page.keyboard.type("spindle");
  await until(async () => (await page.locator(".tile").count()) === 5, "the filter takes words");
  await page.keyboard.press("Escape");
  await until(async () => (await page.locator(".tile").count()) === 29, "Esc clears it");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await page.getByRole("checkbox").uncheck();
  await page.keyboard.press("Escape");
  await page.keyboard.type("ga");
  assert.ok(page.url().endsWith("#/"), "single keys can be turned off");
}

async function machinePage(scope) {
  const hub = await scope.mock();
  const page = await scope.page(`${hub.url}#/machines/alder/P-102`);
  await page.locator(".plot canvas").nth(3).waitFor();
  assert.match(await page.locator(".machine-head").innerText(), /Act now\s+P-102 Cooling pump 2\s+Running, 1,482 rpm steady/);
  assert.match(await page.locator(".spectrum").innerText(), /BPFO\s+88\.5 Hz\s+88\.1 Hz\s+12\.1×/);
  const plot = page.locator(".plot").nth(1);
  const box = await plot.boundingBox();
  const value = () => page.locator(".plot-legend").nth(1).innerText();
  await page.mouse.move(box.x + 80, box.y + 30);
  const left = await value();
  await page.mouse.move(box.x + box.width - 40, box.y + 30);
  await until(async () => (await value()) !== left, "the legend follows the cursor");
  assert.equal(await page.locator(".plot-at").count(), 1);
  await page.mouse.move(box.x + 300, box.y + 30);
  await page.mouse.down();
  await page.mouse.move(box.x + 500, box.y + 30, { steps: 4 });
  await page.mouse.up();
  const paused = page.getByRole("button", { name: "Paused" });
  await until(async () => (await paused.getAttribute("aria-pressed")) === "true", "zooming pauses, visibly");
  await page.keyboard.press("l");
  await until(async () => (await paused.getAttribute("aria-pressed")) === "false", "l goes live");
  for (const kind of ["Waveform", "Spectrum", "Envelope"]) {
    await page.getByRole("button", { name: kind, exact: true }).click();
    await page.getByRole("img", { name: `${kind} of the latest block` }).waitFor();
  }
}

async function saysWhatFailed(scope) {
  scope.failuresExpected = true;
  const hub = await scope.mock();
  hub.failing.add("series");
  const page = await scope.page(`${hub.url}#/machines/alder/P-102`);
  await page.getByRole("alert").waitFor();
  assert.match(await page.getByRole("alert").innerText(), /The signals could not be read.*The database is busy.*still work.*store-busy 500/s);
  hub.failing.clear();
  await page.getByRole("button", { name: "Retry" }).click();
  await page.locator(".plot canvas").first().waitFor();
  await page.goto(`${hub.url}#/machines/alder/NO-1`);
  await page.getByText("No machine NO-1 at alder").waitFor();
}

async function emptyFleet(scope) {
  const hub = await scope.mock();
  Object.assign(hub.fleet, { sites: [], machines: new Map(), alarms: new Map(), devices: [] });
  const page = await scope.page(hub.url);
  await page.getByText("No machine has reported yet").waitFor();
  await page.goto(`${hub.url}#/alarms`);
  await page.getByText("Nothing to judge").waitFor();
  await page.goto(`${hub.url}#/devices`);
  await page.getByText("No gateway has connected yet").waitFor();
}

async function manyMachines(scope) {
  const hub = await scope.mock({ many: 2000 });
  const page = await scope.page(hub.url);
  const grid = page.getByRole("img", { name: /2000 machines of Cedar/ });
  await grid.waitFor();
  assert.match(await page.locator(".top h1").innerText(), /2,029 machines, 3 plants/);
  await grid.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.getByText(/^M-1001 Machine 1: Healthy/).waitFor();
  await page.keyboard.press("Enter");
  await until(() => page.url().includes("cedar/M-1001"), "Enter opens the machine");
}

export const mockTests = [
  { name: "mock: an alarm appears live", run: alarmAppearsLive },
  { name: "mock: an alarm is not lost under a late board", run: lateBoardHidesNoAlarm },
  { name: "mock: a stale machine is never shown as healthy", run: staleIsNeverHealthy },
  { name: "mock: events that waited for the link are told", run: lateEventsAreTold },
  { name: "mock: any range of time", run: anyRange },
  { name: "mock: without the hub everything is unknown", run: hubLost },
  { name: "mock: the console comes back by itself and catches up", run: comesBackByItself },
  { name: "mock: the alarm list never moves under pointer or focus", run: alarmListHolds },
  { name: "mock: needs a person never moves under the pointer", run: needsPanelHolds },
  { name: "mock: a filtered board never moves under the pointer", run: filteredBoardHolds },
  { name: "mock: keys and palette", run: keysAndPalette },
  { name: "mock: machine page: cursor, zoom, spectra", run: machinePage },
  { name: "mock: says what failed and what still works", run: saysWhatFailed },
  { name: "mock: an empty fleet says what would be here", run: emptyFleet },
  { name: "mock: two thousand machines", run: manyMachines },
];
