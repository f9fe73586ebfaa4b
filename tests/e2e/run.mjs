// The console in a real browser: against the mock hub, and against millwright-hub with a broker where --hub names it.
//   node tests/e2e/run.mjs [--hub build/release/bin/millwright-hub] [--json] [--only WORDS] [--out build/e2e]
// Prints one line a test, then "N passed, N failed"; with --json one flat object after it. Exit 0: none failed.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Harness, kRoot } from "./harness.mjs";
import { hubTests } from "./hub_tests.mjs";
import { inboxTests } from "./inbox_tests.mjs";
import { mockTests } from "./mock_tests.mjs";
import { rolloutTests } from "./rollout_tests.mjs";
import { screenTests } from "./screen_tests.mjs";

const { values } = parseArgs({
  options: {
    hub: { type: "string" },
    json: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    out: { type: "string", default: join(kRoot, "build/e2e") },
  },
});

const harness = await Harness.start(values.out);
const figures = { passed: 0, failed: 0, failures: [], not_measured: [] };
if (values.hub && !existsSync(values.hub)) {
  console.error(`e2e: there is no hub at ${values.hub}`);
  process.exit(2);
}
const kHubFigures = ["alarm_to_screen_ms", "streams_open", "streams_lost", "stream_requests", "stream_requests_failed", "stream_request_ms_max"];
const told = [];
const groups = [...mockTests, ...inboxTests, ...rolloutTests, ...screenTests];
if (values.hub) groups.push(...hubTests(values.hub));
else figures.not_measured.push(...kHubFigures);

for (const { name, run } of groups) {
  if (!name.includes(values.only)) continue;
  const at = performance.now();
  try {
    Object.assign(figures, await harness.run(run));
    figures.passed += 1;
    console.log(`ok   ${name} (${Math.round(performance.now() - at)} ms)`);
  } catch (error) {
    figures.failed += 1;
    figures.failures.push(name);
    told.push(`FAIL ${name}\n     ${String(error.stack ?? error).split("\n").slice(0, 12).join("\n     ")}`);
    console.log(told.at(-1));
  }
}
await harness.stop();
for (const one of told) console.log(one); // again, where the end of a log shows it
console.log(`${figures.passed} passed, ${figures.failed} failed`);
figures.ok = figures.failed === 0 && figures.passed > 0;
if (values.json) console.log(JSON.stringify(figures));
process.exit(figures.ok ? 0 : 1);
