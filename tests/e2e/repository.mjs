// A signed repository as `millwright keys` keeps it, with packs of a model that nobody runs: enough for a hub to offer.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const kBlock = 512;

/** One file as the pack's ustar has it: owner 0, time 0. */
function packed(name, bytes) {
  const head = Buffer.alloc(kBlock);
  const octal = (at, width, value) => head.write(value.toString(8).padStart(width - 1, "0"), at, "latin1");
  head.write(name, 0, "latin1");
  octal(100, 8, 0o644);
  octal(108, 8, 0);
  octal(116, 8, 0);
  octal(124, 12, bytes.length);
  octal(136, 12, 0);
  head.write("        0", 148, "latin1"); // the checksum counts as blanks; then the type: a plain file
  head.write("ustar\u000000", 257, "latin1");
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, "0")}\u0000 `, 148, "latin1");
  return Buffer.concat([head, bytes, Buffer.alloc((kBlock - (bytes.length % kBlock)) % kBlock)]);
}

function makePack(name, version, modelHash) {
  const golden = Buffer.alloc(8);
  const manifest = {
    format: 1, name, version, created: "2026-11-22T10:00:00Z", task: "classifier",
    model: { file: "model.tflite", sha256: modelHash, bytes: 8, steps: 2, features: 1 },
    classes: [{ code: "healthy", name: "Healthy", healthy: true, action: "" }, { code: "outer_race", name: "Outer race", healthy: false, action: "Change it." }],
    schema: {
      channels: [{ name: "temperature", unit: "C", kind: "reading", rate_hz: 1 }], features: [{ name: "temperature", channel: "temperature", kind: "value" }],
      step_ms: 1000, steps: 2, sample_window_ms: 640, late_max_ms: 500, hold_max_ms: 5000, clip: 8, speed_min_hz: 0,
    },
    standardiser: { mode: "global", commissioning_s: 20, mean: [0], deviation: [1], deviation_floor: [0.1] },
    calibration: { temperature: 1, folded: true },
    decision: { watch_from: 0.5, warning_from: 0.7, act_from: 0.9, persistence: 2, of: 3, clear_below: 0.35, clear_after: 2 },
    golden: { file: "golden.bin", sha256: sha256(golden), count: 2 }, files: [],
    lineage: { data_hash: "", code_version: "", seed: 1, parent: "", trainer: "" },
  };
  return Buffer.concat([packed("manifest.json", Buffer.from(JSON.stringify(manifest))), packed("golden.bin", golden), packed("model.tflite", Buffer.alloc(8)), Buffer.alloc(2 * kBlock)]);
}

/** `releases`: [{name, version, modelHash}] of one line, the first being release 1. Gives the repository's folder. */
export function makeRepository(scope, hubProgram, line, releases) {
  const cli = join(dirname(hubProgram), "millwright");
  if (!existsSync(cli)) throw new Error(`e2e: ${cli} is missing beside the hub`);
  const folder = mkdtempSync(join(tmpdir(), "mw-e2e-repository-"));
  scope.closers.push(() => rmSync(folder, { recursive: true, force: true }));
  const [key, repository] = [join(folder, "release.pem"), join(folder, "repository")];
  const run = (...words) => execFileSync(cli, words, { stdio: "pipe", timeout: 30_000 });
  run("keys", "make", key);
  run("keys", "init-repo", repository, ...["root", "targets", "snapshot", "timestamp"].flatMap((role) => [`--${role}`, key]));
  releases.forEach(({ name, version, modelHash }, n) => {
    const pack = join(folder, `${version}.tar`);
    writeFileSync(pack, makePack(name, version, modelHash));
    run("keys", "add-target", repository, pack, "--path", `${line}/${version}.tar`, "--release", String(n + 1), "--key", key);
  });
  return repository;
}
