// Development: the mock hub with the console rebuilt on every change. Reload the page to see it.
//   node scripts/dev.mjs [--port 8088] [--many 0]
import { context } from "esbuild";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { MockHub } from "../mock/server.mjs";
import { options, writePage } from "./build.mjs";

const { values } = parseArgs({ options: { port: { type: "string", default: "8088" }, many: { type: "string", default: "0" } } });
const dist = join(fileURLToPath(new URL("..", import.meta.url)), "dist");
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
const page = { name: "page", setup: (build) => build.onEnd(() => writePage(dist, readdirSync(dist))) };
const watched = await context({ ...options, outdir: dist, sourcemap: "inline", plugins: [page] });
await watched.watch();
console.log(`console on ${await new MockHub({ many: Number(values.many), dist }).listen(Number(values.port))}`);
