// Unit tests of the console's logic: bundles each *.test.ts (Node 20 reads no TypeScript) and hands them to node's runner.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const tests = readdirSync(join(root, "src"), { recursive: true }).filter((name) => /\.test\.tsx?$/.test(name));
const out = mkdtempSync(join(tmpdir(), "mw-console-test-"));
try {
  await build({
    absWorkingDir: root,
    entryPoints: tests.map((name) => join("src", name)),
    outdir: out,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: ["node20"],
    jsx: "automatic",
    jsxImportSource: "preact",
    sourcemap: "inline",
    logLevel: "warning",
  });
  const files = readdirSync(out, { recursive: true }).filter((name) => name.endsWith(".test.mjs"));
  // The zone is fixed, so that a test may name an hour.
  const { status } = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...files.map((name) => join(out, name))], {
    stdio: "inherit",
    env: { ...process.env, TZ: "Europe/Berlin" },
  });
  process.exitCode = status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
