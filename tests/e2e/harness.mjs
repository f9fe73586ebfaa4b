// What every test needs: a browser, the built console, a mock hub, and an ear for errors in the page.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const kRoot = fileURLToPath(new URL("../..", import.meta.url));
const require = createRequire(join(kRoot, "console/package.json"));

/** A package of the console's own node_modules. */
export function load(name) {
  try {
    return require(name);
  } catch (error) {
    throw new Error(`e2e: ${name} is missing; run \`npm ci --ignore-scripts\` in console/ first (${error.code})`);
  }
}

const kChromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const kFlags = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
];
const kTestMs = 120_000;

export class Harness {
  static async start(out) {
    const harness = new Harness();
    harness.out = out;
    mkdirSync(out, { recursive: true });
    harness.dist = mkdtempSync(join(tmpdir(), "mw-e2e-dist-"));
    execFileSync(process.execPath, ["scripts/build.mjs", "--out", harness.dist], { cwd: join(kRoot, "console"), stdio: "pipe" });
    const executablePath = process.env.MW_CHROMIUM ?? kChromium.find(existsSync);
    if (!executablePath) throw new Error("e2e: no Chromium is installed (MW_CHROMIUM names another place)");
    harness.browser = await load("playwright-core").chromium.launch({ executablePath, args: kFlags });
    return harness;
  }

  async stop() {
    await this.browser.close();
    rmSync(this.dist, { recursive: true, force: true });
  }

  /** Runs one test with its own profile and, where it asks, its own mock; checks that the page had nothing to complain of. */
  async run(test) {
    const { MockHub } = await import(new URL("../../console/mock/server.mjs", import.meta.url));
    const scope = new Scope(this, MockHub);
    let timer;
    const late = new Promise((_, fail) => {
      timer = setTimeout(() => fail(new Error(`e2e: took longer than ${kTestMs / 1000} s`)), kTestMs);
    });
    try {
      const figures = await Promise.race([test(scope), late]);
      assert.deepEqual(scope.complaints, [], "the page's console had errors");
      return figures ?? {};
    } finally {
      clearTimeout(timer);
      await scope.close();
    }
  }
}

class Scope {
  constructor(harness, MockHub) {
    this.harness = harness;
    this.MockHub = MockHub;
    this.complaints = [];
    this.closers = [];
    /** Set by tests that take the hub away: the browser then reports failed requests as errors, rightly. */
    this.failuresExpected = false;
  }

  async mock(options = {}) {
    const hub = new this.MockHub({ dist: this.harness.dist, ...options });
    hub.url = await hub.listen();
    this.closers.push(() => hub.close().catch(() => undefined));
    return hub;
  }

  async page(url, { width = 1440, height = 900, scheme = "light", phone = false } = {}) {
    const context = await this.harness.browser.newContext({
      viewport: phone ? { width: 390, height: 844 } : { width, height },
      colorScheme: scheme,
      hasTouch: phone,
      reducedMotion: "reduce",
    });
    this.closers.unshift(() => context.close());
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    page.on("pageerror", (error) => this.complaints.push(`page: ${error.stack}`));
    page.on("console", (message) => {
      if (message.type() !== "error") return;
      if (this.failuresExpected && /ERR_|Failed to load resource/.test(message.text())) return;
      this.complaints.push(`console: ${message.text()}`);
    });
    await page.goto(url);
    return page;
  }

  /** Accessibility by axe-core, with nothing excused. */
  async axe(page, where) {
    await page.evaluate(readFileSync(load.path("axe-core/axe.min.js"), "utf8"));
    const found = await page.evaluate(async () => {
      const { violations } = await globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
      return violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 140)} ${node.any[0]?.message ?? node.all[0]?.message ?? ""}`).join(" | ")}`);
    });
    assert.deepEqual(found, [], `axe on ${where}`);
  }

  shot(page, name) {
    return page.screenshot({ path: join(this.harness.out, `${name}.png`) });
  }

  defer(close) {
    this.closers.unshift(close);
  }

  async close() {
    for (const close of this.closers) await close();
  }
}

load.path = (name) => require.resolve(name);

/** Waits until `check` answers something true. */
export async function until(check, what, ms = 15_000) {
  const end = Date.now() + ms;
  for (;;) {
    const got = await check();
    if (got) return got;
    if (Date.now() > end) throw new Error(`e2e: waited ${ms / 1000} s for: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));
/** One live update and a bit: what will change, has changed. */
export const kSettleMs = 2_300;
