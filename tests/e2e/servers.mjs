// A broker and a hub of their own for each test, on free ports, gone when it ends.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./harness.mjs";

export const freePort = () =>
  new Promise((done, fail) => {
    const server = createServer();
    server.on("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

const answers = (port) =>
  new Promise((done) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => (socket.destroy(), done(true)));
    socket.on("error", () => done(false));
  });

function start(scope, program, args, name) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  let words = "";
  let over = null;
  const hear = (chunk) => (words = (words + chunk).slice(-4000));
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  child.on("error", (error) => (over = `${name} did not start: ${error.message}`));
  child.on("exit", (code, signal) => (over = `${name} ended (${signal ?? code}): ${words}`));
  const stop = () =>
    new Promise((done) => {
      if (over !== null) return done();
      child.on("exit", done);
      child.kill("SIGTERM");
      setTimeout(() => child.kill("SIGKILL"), 5_000).unref();
    });
  scope.defer(stop);
  return { stop, check: () => { if (over !== null) throw new Error(over); } };
}

/** `more`: sections of hub.toml beside the usual ones. */
export async function startHub(scope, program, more = "") {
  const folder = mkdtempSync(join(tmpdir(), "mw-e2e-hub-"));
  scope.closers.push(() => rmSync(folder, { recursive: true, force: true }));
  const [brokerPort, port] = [await freePort(), await freePort()];
  writeFileSync(join(folder, "mosquitto.conf"), `listener ${brokerPort} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\npersistence false\n${process.getuid() === 0 ? "user root\n" : ""}`);
  const broker = start(scope, "mosquitto", ["-c", join(folder, "mosquitto.conf")], "mosquitto");
  await until(() => (broker.check(), answers(brokerPort)), "the broker listens");
  const config = join(folder, "hub.toml");
  writeFileSync(config, hubConfig(folder, port, brokerPort) + more);
  const run = () => start(scope, program, ["--config", config], "millwright-hub");
  const hub = { url: `http://127.0.0.1:${port}/`, brokerPort, process: run() };
  hub.ready = () =>
    until(async () => {
      hub.process.check();
      return fetch(`${hub.url}readyz`).then((answer) => answer.ok, () => false);
    }, "the hub is ready");
  hub.restart = async () => {
    hub.process = run();
    await hub.ready();
  };
  await hub.ready();
  return hub;
}

const hubConfig = (folder, port, brokerPort) => `[broker]
host = "127.0.0.1"
port = ${brokerPort}

[http]
listen = "127.0.0.1:${port}"

[store]
path = "${join(folder, "hub.db")}"
`;
