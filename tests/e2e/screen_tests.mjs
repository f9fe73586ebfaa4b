// Every screen in light, dark and on a phone: no violation found by axe, nothing wider than the screen, one picture each.
import assert from "node:assert/strict";
import { pause } from "./harness.mjs";

const kScreens = [
  ["board", "#/", ".tile, .cell"],
  ["machine", "#/machines/alder/P-102", ".plot canvas"],
  ["alarms", "#/alarms", ".alarm-row"],
  ["rollout", "#/rollouts/r-12", "[data-gateway]"],
  ["models", "#/models", "[data-model]"],
  ["release", `#/models/${encodeURIComponent("models/gearbox/9.tar")}`, ".start-field"],
  ["devices", "#/devices", "[data-device]"],
];
const kLooks = [
  ["light", { scheme: "light" }],
  ["dark", { scheme: "dark" }],
  ["phone", { scheme: "light", phone: true }],
];

function screenTest(name, hash, ready, look, options) {
  return async (scope) => {
    const hub = await scope.mock();
    if (look === "dark") hub.cutLink("birch"); // the picture of the dark board shows a lost plant
    const page = await scope.page(`${hub.url}${hash}`, options);
    await page.locator(ready).first().waitFor();
    if (name === "machine") await page.getByRole("button", { name: "14 d" }).click();
    await pause(1_200);
    await scope.shot(page, `${name}-${look}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, `${wide} px wider than the screen`);
    await scope.axe(page, `${name} ${look}`);
  };
}

async function dialogs(scope) {
  const hub = await scope.mock();
  const page = await scope.page(hub.url);
  await page.locator(".tile").first().waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("pump");
  await scope.axe(page, "palette");
  await scope.shot(page, "palette-light");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await scope.axe(page, "keys");
  await scope.shot(page, "keys-light");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Table" }).click();
  await page.locator("tr[data-key]").first().waitFor();
  await scope.axe(page, "table");
  await scope.shot(page, "table-light");
}

async function themeIsKept(scope) {
  const hub = await scope.mock();
  const page = await scope.page(hub.url, { scheme: "light" });
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  assert.equal(await theme(), "light");
  await page.getByRole("button", { name: "Auto" }).click();
  await page.getByRole("button", { name: "Light" }).click();
  assert.equal(await theme(), "dark");
  await page.reload();
  assert.equal(await theme(), "dark", "after a reload too");
}

export const screenTests = [
  ...kScreens.flatMap(([name, hash, ready]) =>
    kLooks.map(([look, options]) => ({ name: `screen: ${name} ${look}`, run: screenTest(name, hash, ready, look, options) })),
  ),
  { name: "screen: palette, keys and table", run: dialogs },
  { name: "screen: the chosen colours are kept", run: themeIsKept },
];
