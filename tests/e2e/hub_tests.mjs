// The console as it ships, served by millwright-hub, fed through a real broker.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { get, Agent } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Gateway } from "./gateway.mjs";
import { kSettleMs, pause, until } from "./harness.mjs";
import { makeRepository } from "./repository.mjs";
import { startHub } from "./servers.mjs";

const kAssets = [["P-101", "Cooling pump 1"], ["P-102", "Cooling pump 2"], ["P-103", "Cooling pump 3"], ["F-106", "Tower fan"]];
const tile = (page, key) => page.locator(`[data-key="${key}"]`).first();
const shown = (page, key) => tile(page, key).getAttribute("data-shown");

async function plant(scope, program) {
  const hub = await startHub(scope, program);
  const gateway = new Gateway({ port: hub.brokerPort, device: "gw-alder-1", site: "alder", area: "cooling-water", assets: kAssets });
  scope.defer(() => gateway.die().catch(() => undefined));
  await gateway.start();
  return { hub, gateway };
}

// Two steps; nothing is sent at the first.
async function tellsOfARepair(scope, page) {
  await page.getByRole("button", { name: "Repaired" }).click();
  const form = page.getByRole("form", { name: "Repaired or replaced" });
  await form.getByRole("combobox").selectOption("replaced");
  await form.getByLabel("Note").fill("new bearing");
  await form.getByRole("button", { name: "Go on" }).click();
  assert.match(await form.getByRole("status").innerText(), /alarms of P-102 are closed/);
  await scope.axe(page, "the form of a repair");
  const sent = page.waitForResponse((response) => response.url().endsWith("/machines/alder/P-102/service"));
  await form.getByRole("button", { name: "Yes, replaced" }).click();
  const answer = await sent;
  assert.equal(answer.status(), 201);
  assert.equal((await answer.json()).closed, 1);
  await form.waitFor({ state: "detached" });
}

async function alarmAppearsLive(scope, program) {
  const { hub, gateway } = await plant(scope, program);
  const page = await scope.page(hub.url);
  await until(async () => (await tile(page, "alder/P-102").count()) > 0 && (await shown(page, "alder/P-102")) === "healthy", "the machine is healthy");
  const at = performance.now();
  await gateway.raise("P-102", "act");
  await page.getByRole("article", { name: "P-102 Cooling pump 2" }).waitFor();
  const alarm_to_screen_ms = Math.round(performance.now() - at);
  await until(async () => (await shown(page, "alder/P-102")) === "act", "the tile says act now");
  await scope.shot(page, "hub-board");
  await scope.axe(page, "the hub's board");
  await page.getByRole("link", { name: "Open", exact: true }).first().click();
  await until(async () => /5d5d5d5d/.test(await page.locator(".alarm-detail").innerText()), "the evidence names the model");
  await scope.axe(page, "the hub's alarms");
  await page.goto(`${hub.url}#/machines/alder/P-102`);
  await page.locator(".plot canvas").first().waitFor();
  await until(async () => /BPFO\s+88\.5 Hz\s+88\.1 Hz\s+12\.1×/.test(await page.locator(".spectrum").innerText()), "the spectrum's marks");
  await tellsOfARepair(scope, page);
  await page.getByRole("button", { name: "10 min" }).click();
  await pause(kSettleMs);
  await scope.shot(page, "hub-machine");
  await scope.axe(page, "the hub's machine");
  await page.goto(`${hub.url}#/devices`);
  await page.locator('[data-device="gw-alder-1"]').waitFor();
  await scope.shot(page, "hub-devices");
  await scope.axe(page, "the hub's devices");
  return { alarm_to_screen_ms };
}

async function staleIsNeverHealthy(scope, program) {
  const { hub, gateway } = await plant(scope, program);
  const page = await scope.page(hub.url);
  await until(async () => (await tile(page, "alder/P-101").count()) > 0 && (await shown(page, "alder/P-101")) === "healthy", "healthy while heard");
  gateway.silent.add("P-101");
  await until(async () => (await shown(page, "alder/P-101")) === "unknown", "one silent machine turns unknown", 25_000);
  assert.equal(await shown(page, "alder/P-102"), "healthy", "the others stay known");
  await gateway.die();
  await until(async () => (await page.locator('[data-shown]:not([data-shown="unknown"])').count()) === 0, "a dead gateway's machines are unknown", 25_000);
  assert.match(await page.locator(".plant-lost").innerText(), /Alder\s+Link lost/);
  assert.match(await tile(page, "alder/P-102").innerText(), /Was healthy/);
  await scope.shot(page, "hub-lost");
  await scope.axe(page, "a lost plant");
}

async function hubRestarts(scope, program) {
  scope.failuresExpected = true;
  const { hub, gateway } = await plant(scope, program);
  const page = await scope.page(hub.url);
  await until(async () => (await tile(page, "alder/P-101").count()) > 0 && (await shown(page, "alder/P-101")) === "healthy", "healthy while heard");
  await hub.process.stop();
  await until(async () => (await shown(page, "alder/P-101")) === "unknown", "unknown while the hub is away", 20_000);
  await hub.restart();
  await gateway.raise("F-106", "warning");
  await until(async () => (await shown(page, "alder/F-106")) === "warning", "current again after the hub's restart", 40_000);
}

async function listHolds(scope, program) {
  const { hub, gateway } = await plant(scope, program);
  await gateway.raise("P-101", "watch");
  await gateway.raise("P-103", "warning");
  const page = await scope.page(`${hub.url}#/alarms`);
  await until(async () => (await page.locator(".alarm-row").count()) === 2, "two alarms");
  const places = () => page.locator(".alarm-row").evaluateAll((rows) => rows.map((row) => [row.dataset.id, row.getBoundingClientRect().y]));
  const before = await places();
  await page.locator(".alarm-row").nth(1).hover();
  await gateway.raise("P-102", "act");
  await page.getByRole("button", { name: "1 new, show" }).waitFor();
  await pause(kSettleMs);
  assert.deepEqual(await places(), before);
  await page.getByRole("button", { name: "1 new, show" }).click();
  await until(async () => /P-102/.test(await page.locator(".alarm-row").first().innerText()), "the new one stands first");
}

// The gateways here speak for themselves only: their jobs stay queued, which is all that steering needs.
async function rolloutIsSteered(scope, program) {
  const served = "5d".repeat(32); // what gateway.mjs says it decides with
  const repository = makeRepository(scope, program, "models/pump", [
    { name: "pump", version: "1", modelHash: served },
    { name: "pump", version: "2", modelHash: "7a".repeat(32) },
  ]);
  const hub = await startHub(scope, program, `\n[delivery]\nrepository = "${repository}"\n`);
  for (const [n, asset] of kAssets.slice(0, 3).entries()) {
    const gateway = new Gateway({ port: hub.brokerPort, device: `gw-alder-${n + 1}`, site: "alder", area: "cooling-water", assets: [asset] });
    scope.defer(() => gateway.die().catch(() => undefined));
    await gateway.start();
  }
  const page = await scope.page(`${hub.url}#/models`);
  await until(async () => /pump 1 \(models\/pump, release 1\)\s+3\s+3\s+/.test(await page.locator("[data-model]").innerText().catch(() => "")), "which model decides where");
  await page.getByRole("link", { name: /pump 2/ }).click();
  await page.getByRole("button", { name: "Show the waves" }).click();
  await page.getByRole("button", { name: "Start on 3 gateways" }).click();
  const state = () => page.locator("[data-rollout-state]").getAttribute("data-rollout-state");
  await until(async () => (await page.locator('[data-state="queued"]').count()) === 1, "the canary has its job");
  assert.equal(await page.locator('[data-state="waiting"]').count(), 2);
  assert.match(await page.getByRole("region", { name: "Table of gates" }).innerText(), /Gateways that took it, waves so far\s+0 of 1/);
  assert.match(await page.locator(".serving").innerText(), /pump 1\s+3 of 3/);
  await page.keyboard.press("p");
  await until(async () => (await state()) === "paused", "p pauses");
  await page.keyboard.press("p");
  await until(async () => (await state()) === "running", "p resumes");
  await scope.shot(page, "hub-rollout");
  await scope.axe(page, "the hub's rollout");
  await page.getByRole("button", { name: "Reverse…" }).click();
  await page.getByRole("dialog").getByRole("textbox").fill("changed our minds");
  await page.getByRole("dialog").getByRole("button", { name: "Reverse the rollout" }).click();
  await until(async () => (await state()) === "reversed", "the stream tells that all are back");
  assert.match(await page.locator(".log").innerText(), /Reversing: changed our minds/);
  assert.match(await page.locator("[data-id]").innerText(), /reversed: changed our minds/);
}

async function asksForAToken(scope, program) {
  scope.failuresExpected = true;
  const repository = makeRepository(scope, program, "models/pump", [{ name: "pump", version: "1", modelHash: "5d".repeat(32) }]);
  const first = join(dirname(repository), "first-token");
  const hub = await startHub(scope, program, `\n[access]\nrequired = true\nfirst_token_file = "${first}"\n\n[delivery]\nrepository = "${repository}"\n`);
  const gateway = new Gateway({ port: hub.brokerPort, device: "gw-alder-1", site: "alder", area: "cooling-water", assets: kAssets });
  scope.defer(() => gateway.die().catch(() => undefined));
  await gateway.start();
  const admin = readFileSync(first, "utf8").trim();
  const ask = (path, body) =>
    fetch(`${hub.url}api/v1/${path}`, { method: "POST", headers: { authorization: `Bearer ${admin}`, "content-type": "application/json" }, body: JSON.stringify(body) }).then((answer) => answer.json());
  const { token } = await ask("access", { name: "wall", role: "viewer" });
  const { id } = await ask("rollouts", { target: "models/pump/1.tar" });
  const page = await scope.page(`${hub.url}#/rollouts/${id}`);
  await page.getByRole("button", { name: "Access token instead" }).click();
  const prompt = page.getByRole("dialog", { name: "This hub asks for a token" });
  await prompt.getByLabel("Access token").fill(token);
  await page.keyboard.press("Enter");
  await page.locator("[data-gateway]").waitFor();
  await page.keyboard.press("p");
  await until(async () => /Pause did not happen: this needs the role operator; wall has viewer/.test(await page.locator(".toast").innerText().catch(() => "")), "a viewer changes nothing");
  await page.goto(`${hub.url}#token=${encodeURIComponent(admin)}`);
  await until(() => page.url() === `${hub.url}#/`, "the token leaves the address");
  await until(async () => (await tile(page, "alder/P-101").count()) > 0, "the board is there");
  await page.goto(`${hub.url}#/rollouts/${id}`);
  await page.locator("[data-gateway]").waitFor();
  await until(() => page.getByRole("button", { name: "Pause" }).isEnabled(), "the page is live");
  await page.keyboard.press("p");
  await until(async () => (await page.locator("[data-rollout-state]").getAttribute("data-rollout-state")) === "paused", "an admin does");
  const cookies = await page.context().cookies();
  assert.ok(cookies.length > 0 && cookies.every((one) => one.httpOnly && one.sameSite === "Strict"), "no script and no other site has the session");
}

// Two keys a verdict, by a person, on the real hub; at another plant it is refused and says so.
async function judges(scope, program) {
  scope.failuresExpected = true;
  const first = join(mkdtempSync(join(tmpdir(), "mw-e2e-people-")), "first-token");
  const hub = await startHub(scope, program, `\n[access]\nrequired = true\nfirst_token_file = "${first}"\n`);
  const gateway = new Gateway({ port: hub.brokerPort, device: "gw-alder-1", site: "alder", area: "cooling-water", assets: kAssets });
  scope.defer(() => gateway.die().catch(() => undefined));
  await gateway.start();
  const admin = readFileSync(first, "utf8").trim();
  const ask = (path, body) =>
    fetch(`${hub.url}api/v1/${path}`, { method: "POST", headers: { authorization: `Bearer ${admin}`, "content-type": "application/json" }, body: JSON.stringify(body) });
  for (const [name, roles] of [["ana", ["alder=operator", "*=viewer"]], ["ben", ["birch=operator", "*=viewer"]]])
    assert.equal((await ask("people", { name, password: "a long enough word", roles })).status, 201);
  await gateway.raise("P-101", "warning");
  await gateway.raise("P-102", "act");
  const logIn = async (name) => {
    const page = await scope.page(`${hub.url}#/alarms`);
    await page.getByLabel("Name").fill(name);
    await page.getByLabel("Password").fill("a long enough word");
    await page.keyboard.press("Enter");
    await until(async () => (await page.locator(".alarm-row").count()) === 2, "two to judge");
    await until(() => page.locator(".verdict-bar").getByRole("button", { name: /Confirm/ }).isEnabled(), "the page is live");
    return page;
  };
  const ben = await logIn("ben");
  await ben.keyboard.press("c");
  await ben.keyboard.press("1");
  await until(async () => /needs the role operator at alder/.test(await ben.locator(".toast").innerText().catch(() => "")), "not at this plant");
  assert.equal(await ben.locator(".alarm-row").count(), 2, "it stands where it stood");
  const ana = await logIn("ana");
  await ana.keyboard.press("c");
  await ana.keyboard.press("1");
  await until(async () => /P-102 confirmed: outer race. Saved/.test(await ana.locator(".toast").innerText().catch(() => "")), "saved");
  await until(async () => /P-102[\s\S]*Confirmed: outer race[\s\S]*by you/.test(await ana.locator(".judged").innerText()), "it is in today's list");
  await until(async () => (await ben.locator(".alarm-row").count()) === 1, "others see it at once");
  await scope.axe(ana, "the hub's inbox");
  await ana.keyboard.press("u");
  await until(async () => (await ana.locator(".alarm-row").count()) === 2, "undo brings it back");
  const labels = await fetch(`${hub.url}api/v1/labels`, { headers: { authorization: `Bearer ${admin}` } }).then((answer) => answer.json());
  assert.deepEqual(labels.labels, []);
}

const kStreams = 200;
const kPerSecond = 50;
const kLoadSeconds = 10;

// Event streams that stay open, each counting what it hears.
function openStreams(scope, url) {
  const streams = Array.from({ length: kStreams }, () => {
    const stream = { open: false, over: false, ticks: 0 };
    const request = get(`${url}api/v1/stream`, { agent: new Agent() }, (response) => {
      stream.open = response.statusCode === 200;
      response.on("data", (chunk) => (stream.ticks += (String(chunk).match(/event: tick/g) ?? []).length));
      response.on("close", () => (stream.over = true));
    });
    request.on("error", () => (stream.over = true));
    stream.close = () => request.destroy();
    return stream;
  });
  scope.defer(() => streams.forEach((stream) => stream.close()));
  return streams;
}

async function manyStreams(scope, program) {
  const { hub, gateway } = await plant(scope, program);
  const streams = openStreams(scope, hub.url);
  await until(() => streams.every((stream) => stream.open), "200 streams are open", 30_000);
  const paths = ["board", "devices", "alarms?state=open", "machines/alder/P-101", "stats"];
  const times = [];
  let failed = 0;
  const asked = [];
  for (let n = 0; n < kPerSecond * kLoadSeconds; n += 1) {
    const at = performance.now();
    asked.push(fetch(`${hub.url}api/v1/${paths[n % paths.length]}`, { signal: AbortSignal.timeout(10_000) })
      .then(async (answer) => (answer.ok ? answer.text() : (failed += 1)), () => (failed += 1))
      .then(() => times.push(performance.now() - at)));
    if (n === 200) void gateway.raise("P-101", "warning");
    await pause(1_000 / kPerSecond);
  }
  await Promise.all(asked);
  const lost = streams.filter((stream) => stream.over).length;
  const figures = {
    streams_open: kStreams, streams_lost: lost, stream_requests: times.length, stream_requests_failed: failed,
    stream_request_ms_max: Math.round(Math.max(...times)),
  };
  assert.equal(failed, 0, "requests answered while 200 streams are open");
  assert.equal(lost, 0, "no stream was dropped");
  assert.ok(streams.every((stream) => stream.ticks >= 3), "every stream is told the time");
  const page = await scope.page(hub.url);
  await until(async () => (await shown(page, "alder/P-101")) === "warning", "one more console still works");
  return figures;
}

export const hubTests = (program) =>
  [
    ["an alarm appears live", alarmAppearsLive],
    ["a stale machine is never shown as healthy", staleIsNeverHealthy],
    ["the console outlives a restart of the hub", hubRestarts],
    ["a list never moves under the pointer", listHolds],
    ["a rollout is started and steered from the screen", rolloutIsSteered],
    ["a person judges by two keys, at their own plant", judges],
    ["asks for a token, and a viewer changes nothing", asksForAToken],
    ["200 open streams beside 50 requests a second", manyStreams],
  ].map(([name, run]) => ({ name: `hub: ${name}`, run: (scope) => run(scope, program) }));
