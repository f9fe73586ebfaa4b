// Models and rollouts, and the token that a hub may ask for: against the mock hub.
import assert from "node:assert/strict";
import { kSettleMs, pause, until } from "./harness.mjs";

const kId = "r-12"; // bearing-lstm 38 in wave 3 of 4: six of 22 committed
const cell = (page, device) => page.locator(`[data-gateway="${device}"]`);
const badge = (page) => page.locator("[data-rollout-state]");
const state = (page) => badge(page).getAttribute("data-rollout-state");
const button = (page, name) => page.getByRole("button", { name });
const legend = (page) => page.locator(".legend-item").evaluateAll((list) => list.map((one) => one.textContent.trim()));
const rows = (page) => page.locator(".evidence tbody tr").evaluateAll((list) => list.map((row) => [row.dataset.device, row.getBoundingClientRect().y]));

async function open(scope, options, path = `#/rollouts/${kId}`) {
  const hub = await scope.mock();
  const page = await scope.page(`${hub.url}${path}`, options);
  return { hub, page };
}

async function showsOneRollout(scope) {
  const { page } = await open(scope);
  await cell(page, "a-06").waitFor();
  assert.equal(await cell(page, "a-06").locator(".gw-bar").evaluate((bar) => bar.style.width), "53%", "212 of 400 windows");
  assert.match(await badge(page).innerText(), /Wave 3 of 4/);
  assert.equal(await page.locator(".top h1").innerText(), "Models / Rollouts / bearing-lstm 38");
  assert.deepEqual(await page.locator(".wave-words").allInnerTexts(), ["1 of 1", "10 %, 2 of 2 more", "50 %, 3 of 8 more, 1 went back", "all, 11 more, waits for approval"]);
  assert.equal(await page.locator('.wave[aria-current="step"] h3').innerText(), "Wave 3");
  assert.deepEqual(await legend(page), ["6 committed", "2 probation", "1 shadow", "1 fetching", "1 went back", "10 waiting", "1 not heard"]);
  assert.match(await page.getByRole("region", { name: "Table of gates" }).innerText(), /Gateways that took it, waves so far\s+6 of 11\s+at least 90 %\s+not yet\s+the next wave waits/);
  assert.match(await page.locator(".serving").innerText(), /bearing-lstm 37\s+14 of 22\s+bearing-lstm 38\s+8 of 22/);
  assert.match(await page.getByRole("region", { name: "Which model decides" }).innerText(), /1 gateway not heard now: counted as last told/);
  assert.match(await page.locator(".log").innerText(), /b-04\s+Went back: decision p99\.9 7\.2 ms/);
  const first = page.locator(".evidence tbody tr").first();
  assert.match(await first.innerText(), /b-04\s+Birch\s+Wave 3\s+went back/, "who did not take it comes first");
}

async function legendAndCellsFilter(scope) {
  const { page } = await open(scope);
  await page.locator('[data-legend="probation"]').click();
  assert.deepEqual(await page.locator("[data-gateway]").evaluateAll((list) => list.map((one) => one.dataset.gateway)), ["a-06", "b-02"]);
  assert.equal((await rows(page)).length, 2);
  await button(page, "Show all").click();
  await cell(page, "a-07").click();
  assert.deepEqual((await rows(page)).map(([device]) => device), ["a-07"]);
  assert.match(await page.locator(".evidence tbody").innerText(), /fetching\s+31 of 45 blocks\s+bearing-lstm 37/);
  await cell(page, "a-07").click();
  assert.equal((await rows(page)).length, 8);
}

async function changesLive(scope) {
  const { hub, page } = await open(scope);
  await cell(page, "b-03").waitFor();
  await page.locator(".evidence tbody tr").nth(3).hover();
  const before = await rows(page);
  const place = await cell(page, "b-03").boundingBox();
  hub.rollouts.change(kId, {}, "b-03", { state: "refused", status: "FAILED", phase: "refused", progress: "", reason: "golden vectors differ in 3 of 64" });
  await until(async () => (await cell(page, "b-03").getAttribute("data-state")) === "refused", "the cell tells it");
  assert.deepEqual(await cell(page, "b-03").boundingBox(), place, "a cell keeps its place");
  assert.deepEqual(await rows(page), before, "no row moves under the pointer");
  assert.match(await page.locator('.evidence [data-device="b-03"]').innerText(), /refused\s+Golden vectors differ in 3 of 64/, "its words change in place");
  await page.mouse.move(20, 800);
  await until(async () => (await rows(page))[1][0] === "b-03", "released, it catches up");
  assert.match(await page.locator("[data-id='r-12']").innerText(), /wave 3, 6 of 22 committed/);
}

async function pausesAndResumes(scope) {
  const { hub, page } = await open(scope);
  await cell(page, "a-01").waitFor();
  await page.keyboard.press("p");
  await until(async () => (await state(page)) === "paused", "p pauses");
  assert.match(await page.locator(".toast").innerText(), /bearing-lstm 38 paused/);
  assert.equal(hub.rollouts.all.get(kId).state, "paused");
  await page.keyboard.press("p");
  await until(async () => (await state(page)) === "running", "p resumes");
  hub.rollouts.change(kId, { state: "waiting", reason: "a person must approve the last wave" });
  await until(async () => (await page.locator('.rail [aria-label="1 need a person"]').count()) === 1, "every screen tells that somebody is waited for");
  await until(async () => /Rollout of bearing-lstm 38 waits for approval/.test(await page.locator("#rollout-announcer").innerText()), "it is said aloud");
  await button(page, "Approve").click();
  await until(async () => /Wave 4 of 4/.test(await badge(page).innerText()), "the last wave begins");
  await until(async () => (await page.locator('[data-state="queued"]').count()) === 10, "its gateways have their job");
  assert.match(await page.locator(".log li").first().innerText(), /ana\s+Approved/);
}

async function reversesWithOneQuestion(scope) {
  const { hub, page } = await open(scope);
  await button(page, "Reverse…").click();
  const box = page.getByRole("dialog");
  assert.match(await box.innerText(), /6 gateways that took bearing-lstm 38 go back to the model before\. 4 gateways that try it now stop trying\./);
  assert.match(await box.innerText(), /a-01, a-02, b-01, a-03, a-04, a-05/);
  await scope.axe(page, "reverse");
  await scope.shot(page, "reverse-light");
  await page.keyboard.press("Escape");
  await box.waitFor({ state: "detached" });
  assert.equal(hub.rollouts.all.get(kId).state, "running", "Esc changes nothing");
  await button(page, "Reverse…").click();
  await box.getByRole("textbox").fill("false alarms on load changes");
  await box.getByRole("button", { name: "Reverse 6 gateways" }).click();
  await until(async () => (await state(page)) === "reversing", "it goes back");
  assert.match(await page.locator(".rollout-reason").innerText(), /false alarms on load changes/);
  assert.equal(await page.locator(".rollout-actions button").count(), 0, "nothing is left to press");
  for (const device of ["a-01", "a-02", "b-01", "a-03", "a-04", "a-05"]) hub.rollouts.change(kId, {}, device, { state: "undone", undo_status: "SUCCEEDED" });
  hub.rollouts.change(kId, { state: "reversed", ended_ms: Date.now() });
  await until(async () => (await legend(page)).includes("6 sent back"), "all six are back");
}

async function refusalsAreTold(scope) {
  scope.failuresExpected = true;
  const { hub, page } = await open(scope);
  await cell(page, "a-01").waitFor();
  hub.rollouts.all.get(kId).state = "done"; // and the page was not told
  await button(page, "Pause").click();
  await page.locator('.toast-place[role="alert"]').waitFor();
  assert.match(await page.locator(".toast").innerText(), /Pause did not happen: rollout: r-12 is done/);
  await page.getByRole("button", { name: "Abort…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Keep it as it is" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
}

async function haltIsTold(scope) {
  const { hub, page } = await open(scope, {}, "");
  await page.locator(".tile").first().waitFor();
  hub.rollouts.change(kId, { state: "halted", ended_ms: Date.now(), reason: "2 of 7 gateways that tried the model refused it or went back" });
  await page.locator('.rail [aria-label="1 need a person"]').waitFor();
  await until(async () => /halted: 2 of 7 gateways/.test(await page.locator("#rollout-announcer").innerText()), "it is said aloud");
  await page.keyboard.type("gr");
  await badge(page).waitFor();
  assert.match(await page.locator(".rollout-reason").innerText(), /^Halted by its own rules: 2 of 7/);
  assert.deepEqual(await page.locator(".rollout-actions button").allInnerTexts(), ["Reverse…"]);
  assert.match(await page.locator(`[data-id="${kId}"]`).innerText(), /halted: 2 of 7/);
}

async function startsAfterADryRun(scope) {
  scope.failuresExpected = true;
  const { hub, page } = await open(scope, {}, `#/models/${encodeURIComponent("models/gearbox/9.tar")}`);
  const waves = page.getByRole("textbox", { name: /Waves reach/ });
  await waves.fill("10, 50");
  await button(page, "Show the waves").click();
  assert.match(await page.locator(".start [role=alert]").innerText(), /The last wave must be 100/);
  assert.equal(await waves.getAttribute("aria-invalid"), "true");
  await scope.axe(page, "a fault in the form");
  await waves.fill("10, 50, 100");
  assert.equal(await button(page, /^Start/).isDisabled(), true);
  const known = hub.rollouts.all.size;
  await button(page, "Show the waves").click();
  await button(page, "Start on 22 gateways").waitFor();
  assert.deepEqual(await page.locator(".start-plan .wave-words").allInnerTexts(), ["2", "50 %, 9 more", "all, 11 more, waits for approval"]);
  assert.equal(hub.rollouts.all.size, known, "a dry run starts nothing");
  await scope.axe(page, "planned waves");
  await scope.shot(page, "start-light");
  await page.getByRole("checkbox", { name: "NVIDIA Jetson Nano" }).uncheck();
  await until(async () => button(page, /^Start/).isDisabled(), "another question needs another answer");
  await button(page, "Show the waves").click();
  await page.getByRole("button", { name: /^Start on 1[0-9] gateways/ }).waitFor();
  await page.getByRole("checkbox", { name: "NVIDIA Jetson Nano" }).check();
  await page.getByRole("checkbox", { name: "Birch" }).uncheck();
  await button(page, "Show the waves").click();
  await button(page, "Start on 12 gateways").click();
  await until(() => page.url().endsWith("#/rollouts/r-13"), "its page opens");
  await until(async () => (await page.locator('[data-state="queued"]').count()) === 1, "the canary has its job");
  assert.deepEqual(hub.rollouts.all.get("r-13").policy.waves, [0.1, 0.5, 1]);
  await page.goto(`${hub.url}#/models/${encodeURIComponent("models/gearbox/8.tar")}`);
  await button(page, "Show the waves").click();
  await until(async () => /r-13 of the same line is under way/.test(await page.locator(".start [role=alert]").innerText()), "the hub's refusal is told");
}

async function modelsInUse(scope) {
  const { page } = await open(scope, {}, "#/models");
  await page.locator("[data-model]").waitFor();
  assert.match(await page.locator("[data-model]").innerText(), /bearing-lstm 37\s+9f41c2d0\s+bearing-lstm 37 \(bearing, release 37\)\s+22\s+44\s+Alder 12, Birch 10, 1 not heard/);
  assert.match(await page.getByRole("region", { name: "Left out" }).innerText(), /limits\/2026-11\.tar: the pack's file is missing/);
  await page.getByRole("link", { name: /spindle-lstm 12/ }).click();
  await page.getByText("release 12 of spindle, decides nowhere now").waitFor();
}

async function withoutTheHub(scope) {
  scope.failuresExpected = true;
  const { hub, page } = await open(scope);
  await cell(page, "a-06").waitFor();
  const { port } = hub;
  await hub.close();
  await until(async () => (await page.locator('[data-state="not_heard"]').count()) === 15, "what moved is not known", 20_000);
  assert.equal(await page.locator('[data-state="committed"]').count(), 6, "what has ended stays true");
  assert.match(await badge(page).innerText(), /Was: wave 3 of 4/);
  assert.match(await page.locator(`[data-id="${kId}"]`).innerText(), /was: wave 3, 6 of 22/);
  assert.match(await page.locator(".not-current").innerText(), /Not current since \d\d:\d\d/);
  for (const one of await page.locator(".rollout-actions button").all()) assert.equal(await one.isDisabled(), true);
  assert.equal(await page.locator(".gates").getByText(/not current, was: /).count(), 4);
  await page.keyboard.press("p");
  await scope.axe(page, "a rollout without the hub");
  await scope.shot(page, "rollout-offline-light");
  await hub.listen(port);
  await until(async () => (await page.locator('[data-state="probation"]').count()) === 2, "live again", 30_000);
  assert.equal(await state(page), "running", "p waited for nobody");
}

async function failsAndIsEmpty(scope) {
  scope.failuresExpected = true;
  const hub = await scope.mock();
  hub.failing.add("rollouts");
  const page = await scope.page(`${hub.url}#/rollouts`);
  await page.getByRole("alert").waitFor();
  assert.match(await page.getByRole("alert").innerText(), /The rollouts could not be read.*The database is busy.*store-busy 500/s);
  hub.failing.clear();
  await button(page, "Retry").click();
  await cell(page, "a-01").waitFor();
  await page.goto(`${hub.url}#/rollouts/r-99`);
  await page.getByText("This rollout is not known here").waitFor();
  hub.failing.add("rollouts/");
  await page.goto(`${hub.url}#/rollouts/r-8`);
  await page.getByText("The rollout could not be read").waitFor();
  hub.rollouts.all.clear();
  hub.rollouts.releases.length = 0;
  hub.rollouts.faults = ["this hub delivers no models: delivery.repository is not set in its configuration"];
  await page.goto(`${hub.url}#/rollouts`);
  await page.reload();
  await page.getByText("No rollout has been started yet").waitFor();
  assert.match(await page.locator(".empty").innerText(), /delivery\.repository is not set/);
  await scope.axe(page, "no rollouts");
  for (const device of hub.fleet.devices) device.model_hash = "";
  hub.models = () => [];
  await page.goto(`${hub.url}#/models`);
  await page.getByText("No gateway has told its model yet").waitFor();
}

async function thousands(scope) {
  const hub = await scope.mock();
  hub.rollouts.crowd(kId, 10_000);
  const page = await scope.page(`${hub.url}#/rollouts/${kId}`);
  await page.locator(".wave-bars").first().waitFor();
  assert.equal(await page.locator("[data-gateway]").count(), 0, "bars with counts instead of cells");
  assert.match(await page.locator(".wave-bars").nth(1).innerText(), /270 committed/);
  await page.locator('[data-legend="went_back"]').click();
  assert.equal((await rows(page)).length, 8);
  await button(page, "Show more").click();
  assert.equal((await rows(page)).length, 58);
  await scope.axe(page, "ten thousand gateways");
  await scope.shot(page, "rollout-many-light");
}

// Every state of a gateway and of a rollout, in both themes.
async function everyState(scope) {
  const hub = await scope.mock();
  const devices = ["a-01", "a-02", "b-01", "a-03", "a-04", "a-05", "a-06", "b-02", "b-03", "a-07", "b-04"];
  const states = ["waiting", "queued", "fetching", "proving", "shadow", "probation", "committed", "went_back", "refused", "not_heard", "undone"];
  states.forEach((one, n) => hub.rollouts.change(kId, {}, devices[n], { state: one, progress: one === "fetching" ? "9/45" : "", online: one !== "not_heard" }));
  for (const scheme of ["light", "dark"]) {
    const page = await scope.page(`${hub.url}#/rollouts/${kId}`, { scheme });
    for (const one of ["waiting", "paused", "halted", "aborted", "done", "reversing", "reversed", "running"]) {
      hub.rollouts.change(kId, { state: one, reason: one === "running" ? "" : "said so in words" });
      await until(async () => (await state(page)) === one, `it is ${one}`);
      await scope.axe(page, `${one} ${scheme}`);
    }
    assert.deepEqual(await page.locator("[data-legend]").evaluateAll((list) => list.map((item) => item.dataset.legend).sort()), [...states].sort());
    await scope.shot(page, `rollout-states-${scheme}`);
  }
}

async function keysAndPalette(scope) {
  const { page } = await open(scope, {}, "");
  await page.locator(".tile").first().waitFor();
  await page.keyboard.type("gm");
  await page.locator("[data-model]").waitFor();
  await page.keyboard.type("gr");
  await badge(page).waitFor();
  await page.keyboard.press("j");
  await until(() => page.url().endsWith("#/rollouts/r-11"), "j moves down");
  await until(async () => (await state(page)) === "done", "its page opens");
  await page.keyboard.press("k");
  await until(() => page.url().endsWith(`#/rollouts/${kId}`), "k moves up");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("gearbox 9");
  await page.keyboard.press("Enter");
  await until(() => page.url().endsWith("#/rollouts/r-9"), "the palette finds a rollout");
  await page.keyboard.press("Escape");
  await page.locator(".tile").first().waitFor();
}

async function asksForAToken(scope) {
  scope.failuresExpected = true;
  const hub = await scope.mock();
  hub.token = "mw1.right/token";
  const page = await scope.page(`${hub.url}#/rollouts/${kId}`);
  const logIn = page.getByRole("dialog", { name: "Log in" });
  await logIn.waitFor();
  await scope.axe(page, "log in");
  await scope.shot(page, "login-light");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await until(() => logIn.isVisible(), "there is nothing behind it");
  await page.getByRole("button", { name: "Access token instead" }).click();
  const box = page.getByRole("dialog", { name: "This hub asks for a token" });
  await box.waitFor();
  await scope.axe(page, "access token");
  await scope.shot(page, "access-light");
  const field = page.getByLabel("Access token");
  await field.fill("wrong");
  await page.keyboard.press("Enter");
  await until(async () => /does not take this token/.test(await box.innerText()), "a wrong one is told");
  await field.fill(hub.token);
  await page.keyboard.press("Enter");
  await cell(page, "a-01").waitFor();
  await until(async () => /Live/.test(await page.locator(".currency").innerText()), "the stream is open too");
  assert.equal(await page.evaluate(() => document.cookie + JSON.stringify(localStorage)).then((kept) => kept.includes("right/token")), false, "no script can read it");
  await page.keyboard.press("p");
  await until(async () => (await state(page)) === "paused", "a change is taken");
  // Revoked while the page is open: the next answer asks again.
  hub.token = "a long enough word";
  await page.reload();
  await logIn.waitFor();
  await page.getByLabel("Name").fill("ana");
  await page.getByLabel("Password").fill("wrong");
  await page.keyboard.press("Enter");
  await until(async () => /do not belong together/.test(await logIn.innerText()), "a wrong password is told");
  await page.getByLabel("Password").fill(hub.token);
  await page.keyboard.press("Enter");
  await cell(page, "a-01").waitFor();
}

async function takesTheTokenFromTheAddress(scope) {
  scope.failuresExpected = true;
  const hub = await scope.mock();
  hub.token = "mw1.right/token";
  const page = await scope.page(`${hub.url}#token=${encodeURIComponent(hub.token)}`);
  await page.locator(".tile").first().waitFor();
  assert.equal(page.url(), `${hub.url}#/`, "it left the address");
  assert.equal(await page.getByRole("dialog").count(), 0);
  const wrong = await scope.page(`${hub.url}#token=old`);
  const box = wrong.getByRole("dialog", { name: "This hub asks for a token" });
  await until(async () => /does not take this token/.test(await box.innerText()), "a link that is old says so");
  const open = await scope.mock(); // a hub that asks for none
  const second = await scope.page(`${open.url}#token=any`);
  await second.locator(".tile").first().waitFor();
  assert.equal(second.url(), `${open.url}#/`);
}

async function schedulesAndWindows(scope) {
  scope.failuresExpected = true;
  const { hub, page } = await open(scope, {}, "");
  await page.locator(".tile").first().waitFor();
  await page.keyboard.type("gp");
  const row = page.locator('[data-schedule="monthly"]');
  await row.waitFor();
  assert.match(await row.innerText(), /newest release of gearbox to Birch, every 30 days at 22:00, Europe\/Berlin\. Next on/);
  assert.match(await row.innerText(), /Nothing new on .*: every gateway there has had gearbox-lstm 8/);
  const known = hub.rollouts.all.size;
  await row.getByRole("button", { name: "Dry run" }).click();
  await row.getByRole("region", { name: "What it would do" }).waitFor();
  assert.match(await row.innerText(), /as things are now: gearbox-lstm 9 to 10 gateways\. Nothing has started yet\./);
  assert.match(await row.locator(".schedule-reach").innerText(), /Birch\s+10 gateways, from/);
  assert.equal(hub.rollouts.all.size, known, "a dry run starts nothing");
  await scope.axe(page, "schedules");
  await scope.shot(page, "schedules-light");
  await row.getByRole("button", { name: "Pause" }).click();
  await until(async () => /Paused: what is due is skipped/.test(await row.innerText()), "it is paused");
  const form = page.getByRole("region", { name: "Set a schedule" });
  await form.getByRole("textbox", { name: "Name" }).fill("Every Week");
  await button(page, "Save the schedule").click();
  await until(async () => /schedule\.name: is no name/.test(await form.getByRole("alert").innerText()), "the hub's refusal is told");
  await form.getByRole("textbox", { name: "Name" }).fill("weekly");
  await form.getByRole("textbox", { name: /Every/ }).fill("7");
  await button(page, "Save the schedule").click();
  await page.locator('[data-schedule="weekly"]').waitFor();
  assert.equal(hub.schedules.all.get("weekly").every_days, 7);
  const alder = page.locator('.window-form[data-site="alder"]');
  await alder.getByRole("textbox", { name: "Windows" }).fill("Weekend");
  await alder.getByRole("button", { name: "Save" }).click();
  assert.match(await alder.getByRole("alert").innerText(), /“Weekend” is no window such as/);
  await scope.axe(page, "a fault in a window");
  await alder.getByRole("textbox", { name: "Windows" }).fill("Sat 23:00-05:00");
  await alder.getByRole("button", { name: "Save" }).click();
  await until(() => hub.schedules.sites.has("alder"), "the hub has it");
  assert.deepEqual(hub.schedules.sites.get("alder").windows, [{ days: ["sat"], from: "23:00", to: "05:00" }]);
  hub.rollouts.change(kId, {}, "b-05", { state: "queued", status: "QUEUED", offered_from_ms: Date.now() + 86_400_000 });
  await page.goto(`${hub.url}#/rollouts/${kId}`);
  await cell(page, "b-05").click();
  assert.match(await page.locator('.evidence [data-device="b-05"]').innerText(), /waits for its plant's window, from \w+/);
  for (const options of [{ scheme: "dark" }, { phone: true }]) {
    const other = await scope.page(`${hub.url}#/schedules`, options);
    await other.locator('[data-schedule="weekly"]').waitFor();
    await scope.axe(other, `schedules ${JSON.stringify(options)}`);
    await scope.shot(other, options.phone ? "schedules-phone" : "schedules-dark");
  }
}

async function phoneListFirst(scope) {
  const { page } = await open(scope, { phone: true }, "#/rollouts");
  await page.locator(`[data-id="${kId}"]`).waitFor();
  assert.equal(await page.locator("[data-gateway]").count(), 0, "the list first");
  await scope.axe(page, "rollouts on a phone");
  await page.locator(`[data-id="${kId}"]`).tap();
  await cell(page, "a-06").waitFor();
  const small = await page.locator("[data-gateway], .rollout-actions button, .legend-item").evaluateAll((list) => list.filter((one) => one.getBoundingClientRect().height < 44).length);
  assert.equal(small, 0, "every target is 44 px high");
  await pause(kSettleMs);
}

async function comparesTwoModels(scope) {
  const path = `#/models/${encodeURIComponent("models/bearing/38.tar")}`;
  const { hub, page } = await open(scope, {}, path);
  const panel = page.getByRole("region", { name: "Compare two models" });
  await panel.waitFor();
  const row = async (figure) => (await panel.locator(`[data-figure="${figure}"]`).innerText()).replaceAll("\t", " | ");
  assert.equal(await panel.getByRole("combobox").inputValue(), "models/bearing/37.tar", "its parent");
  assert.equal(await row("Macro F1"), "Macro F1 | 94.8 % | 95.2 % | better");
  assert.equal(await row("False-alarm rate"), "False-alarm rate | 0.6 % | 0.6 % | better");
  assert.match(await panel.innerText(), /Both reports speak of the same data/);
  await panel.getByRole("combobox").selectOption("models/bearing/36.tar");
  assert.match(await panel.innerText(), /different data: their figures stand side by side and do not decide/);
  assert.equal(await row("Macro F1"), "Macro F1 | 94.4 % | 95.2 % | ");
  assert.match(await page.getByRole("region", { name: "Lineage" }).innerText(), /Made from\s+bearing-lstm 37\s+release 37\s+bearing-lstm 36\s+release 36\s+[0-9a-f]{12}\s+not offered here/);
  await page.getByRole("region", { name: "Lineage" }).getByRole("link", { name: "bearing-lstm 37" }).click();
  await until(async () => (await panel.getByRole("combobox").inputValue()) === "models/bearing/36.tar", "the parent's own page");
  for (const options of [{}, { scheme: "dark" }, { phone: true }]) {
    const other = await scope.page(`${hub.url}${path}`, options);
    await other.locator('[data-figure="Macro F1"]').scrollIntoViewIfNeeded();
    await scope.axe(other, `compare ${JSON.stringify(options)}`);
    await scope.shot(other, `compare-${options.phone ? "phone" : (options.scheme ?? "light")}`);
  }
}

export const rolloutTests = [
  { name: "rollouts: waves, gates, evidence, log", run: showsOneRollout },
  { name: "rollouts: the legend and the cells filter", run: legendAndCellsFilter },
  { name: "rollouts: change live, and nothing moves under the pointer", run: changesLive },
  { name: "rollouts: p pauses and resumes, a person approves", run: pausesAndResumes },
  { name: "rollouts: reverse asks once, with the number of gateways", run: reversesWithOneQuestion },
  { name: "rollouts: what the hub refuses is told", run: refusalsAreTold },
  { name: "rollouts: a halt is told on every screen", run: haltIsTold },
  { name: "rollouts: start after a dry run", run: startsAfterADryRun },
  { name: "rollouts: which model decides where", run: modelsInUse },
  { name: "rollouts: two models side by side, and what a model was made from", run: comparesTwoModels },
  { name: "rollouts: without the hub what moved is not known", run: withoutTheHub },
  { name: "rollouts: errors and emptiness are told", run: failsAndIsEmpty },
  { name: "rollouts: ten thousand gateways", run: thousands },
  { name: "rollouts: every state in light and dark", run: everyState },
  { name: "rollouts: keys and palette", run: keysAndPalette },
  { name: "schedules: dry run, pause, set; windows of a plant", run: schedulesAndWindows },
  { name: "rollouts: on a phone the list comes first", run: phoneListFirst },
  { name: "access: asks for a token", run: asksForAToken },
  { name: "access: takes the token from the address", run: takesTheTokenFromTheAddress },
];
