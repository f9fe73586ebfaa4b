// Builds the console: one script and one style sheet, both named by their content, and a page that names them.
//   node scripts/build.mjs [--out dist] [--check]      --check also runs the type checker
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";

const root = fileURLToPath(new URL("..", import.meta.url));
const kScriptGzipBytesMax = 100 * 1024; // what a plant's slow link bears; the build fails above it

export const options = {
  absWorkingDir: root,
  entryPoints: { app: "src/main.tsx" },
  bundle: true,
  format: "esm",
  target: ["es2022"],
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  logLevel: "warning",
};

export function writePage(out, files) {
  const find = (ending) => files.find((name) => name.endsWith(ending));
  const page = readFileSync(join(root, "public/index.html"), "utf8")
    .replace("app.css", find(".css"))
    .replace("app.js", find(".js"));
  writeFileSync(join(out, "index.html"), page);
  writeFileSync(join(out, "icon.svg"), readFileSync(join(root, "public/icon.svg")));
}

async function main() {
  const { values } = parseArgs({
    options: { out: { type: "string", default: "dist" }, check: { type: "boolean", default: false } },
  });
  const out = join(root, values.out).startsWith(root) && !values.out.startsWith("/") ? join(root, values.out) : values.out;
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  if (values.check) {
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const { status } = spawnSync(process.execPath, [tsc, "--noEmit"], { cwd: root, stdio: "inherit" });
    if (status !== 0) process.exit(1);
  }
  await build({ ...options, outdir: out, minify: true, entryNames: "[name]-[hash]" });
  const files = readdirSync(out);
  writePage(out, files);
  const script = readFileSync(join(out, files.find((name) => name.endsWith(".js"))));
  const bytes = gzipSync(script, { level: 9 }).length;
  console.log(`console: script ${(bytes / 1024).toFixed(1)} kB gzip, in ${out}`);
  if (bytes > kScriptGzipBytesMax) {
    console.error(`console: the script is over its limit of ${kScriptGzipBytesMax / 1024} kB gzip`);
    process.exit(1);
  }
}

if (process.argv[1] && basename(process.argv[1]) === "build.mjs") await main();
