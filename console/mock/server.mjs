// A hub to develop and test against: the API of docs/formats/api.md over the mock fleet, event stream included.
//   node mock/server.mjs [--port 8088] [--many 0] [--dist dist]
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Inbox } from "./inbox.mjs";
import { MockRollouts } from "./rollouts.mjs";
import { MockSchedules } from "./schedules.mjs";
import { kLimits, makeFleet, marksOf, noise, raise, silence } from "./plant.mjs";
import { historyOf, seriesOf, spectrumOf } from "./series.mjs";

const kMime = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
// What the hub sends too: a console that needed more would not work there.
const kPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export class MockHub {
  constructor({ many = 0, dist = fileURLToPath(new URL("../dist", import.meta.url)) } = {}) {
    this.fleet = makeFleet(many);
    this.dist = dist;
    this.streams = new Set();
    this.sockets = new Set();
    this.delayMs = 0;
    this.lateMs = new Map(); // path -> how long its answer is on its way, from when it was made
    this.failing = new Set(); // paths that answer 500, for the console's error states
    this.token = null; // where set, only who has given it is answered
    this.schedules = new MockSchedules(() => this.rollouts);
    this.inbox = new Inbox(this);
    this.rollouts = new MockRollouts(this.fleet.devices, (rollout) => this.send("rollout", rollout));
    this.eventId = 0;
  }

  async listen(port = 0) {
    this.server = createServer((request, response) => {
      this.answer(request, response).catch((error) => {
        response.writeHead(500).end(String(error));
      });
    });
    this.server.on("connection", (socket) => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
    });
    await new Promise((done) => this.server.listen(port, "127.0.0.1", done));
    this.port = this.server.address().port;
    this.timer = setInterval(() => this.tick(), 1000);
    return `http://127.0.0.1:${this.port}/`;
  }

  /** Drops every connection and takes no more, as a hub that died. listen(port) brings it back. */
  async close() {
    clearInterval(this.timer);
    const closed = new Promise((done) => this.server.close(done));
    for (const socket of this.sockets) socket.destroy();
    this.streams.clear();
    await closed;
  }

  tick() {
    const now = Date.now();
    for (const machine of this.fleet.machines.values()) {
      if (!machine.current) continue;
      machine.last_data_ms = now - 400;
      // A few values move each second, as telemetry arrives.
      if (machine.value && noise(machine.asset.length, now / 1000) > 0.6) {
        machine.value = Math.round(machine.value * (1 + 0.004 * noise(machine.asset.charCodeAt(0), now / 1000)) * 100) / 100;
        this.send("machine", machine);
      }
    }
    this.send("tick", { now_ms: now, last_data_ms: this.lastData() });
  }

  lastData = () => Math.max(...[...this.fleet.machines.values()].map((one) => one.last_data_ms ?? 0));

  send(name, data) {
    const text = `id: ${++this.eventId}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const stream of this.streams) stream.write(text);
  }

  // --- what tests do to the plant ---

  raise(key, level, fault) {
    const { machine, alarm } = raise(this.fleet, key, level, fault);
    this.send("machine", machine);
    this.send("alarm", alarm);
    return alarm;
  }

  clear(id) {
    const alarm = this.fleet.alarms.get(id);
    Object.assign(alarm, { state: "cleared", cleared_ms: Date.now(), updated_ms: Date.now() });
    const machine = this.fleet.machines.get(`${alarm.site}/${alarm.asset}`);
    Object.assign(machine, { level: "none", shown: "healthy", fault: null, fault_name: null, score: 0.1 });
    this.send("alarm", alarm);
    this.send("machine", machine);
  }

  silence(key) {
    const machine = this.fleet.machines.get(key);
    silence(machine);
    this.send("machine", machine);
  }

  cutLink(name) {
    const site = this.fleet.sites.find((one) => one.site === name);
    Object.assign(site, { link: "lost", link_since_ms: Date.now() - 6 * 60_000, gateways_online: 0 });
    for (const area of site.areas) for (const machine of area.machines) silence(machine), this.send("machine", machine);
    for (const device of this.fleet.devices) if (device.site === name) (device.online = false), this.send("device", device);
    this.rollouts.cut(name);
  }

  /** The link is back, and what had waited has come; the machines are heard again with their next data. */
  restoreLink(name, late) {
    const site = this.fleet.sites.find((one) => one.site === name);
    const now = Date.now();
    Object.assign(site, { link: "up", link_since_ms: now, gateways_online: site.gateways, late_events: late, late_ms: now });
    for (const device of this.fleet.devices) if (device.site === name) (device.online = true), this.send("device", device);
  }

  // --- the API ---

  board() {
    const open = [...this.fleet.alarms.values()].filter((alarm) => alarm.state === "open");
    const rank = { act: 0, warning: 1, watch: 2 };
    open.sort((a, b) => rank[a.level] - rank[b.level] || b.raised_ms - a.raised_ms);
    return {
      now_ms: Date.now(), last_data_ms: this.lastData(), sites: this.fleet.sites, open_alarms: open.length,
      oldest_open_ms: open.length ? Math.min(...open.map((alarm) => alarm.raised_ms)) : null, alarms: open.slice(0, 200),
    };
  }

  models() {
    const found = new Map();
    for (const { model_name: name, model_hash: hash, machines } of this.fleet.devices) {
      const one = found.get(hash) ?? { name, hash, devices: 0, assets: 0 };
      found.set(hash, { ...one, devices: one.devices + 1, assets: one.assets + machines });
    }
    return [...found.values()];
  }

  /** A session for the token; changes need the header that another site's page cannot send. */
  async post(path, request) {
    let text = "";
    for await (const chunk of request) text += chunk;
    const problem = (status, code, detail) => [status, { type: "about:blank", title: detail, detail, status, code }];
    if (!request.headers["x-millwright"]) return problem(403, "forbidden", "a change by a session needs the header X-Millwright");
    const body = text ? JSON.parse(text) : {};
    if (path === "session") {
      if (this.token === null) return problem(409, "conflict", "this hub asks for no tokens");
      return body.token === this.token || (body.name === this.inbox.who && body.password === this.token) ? [204] : problem(401, "unauthorized", "this token is none, or no longer one");
    }
    const [kind, ...rest] = path.split("/").map(decodeURIComponent);
    if (["verdicts", "shelvings", "questions", "acts"].includes(kind)) return this.inbox.post(kind, rest, body);
    if (kind === "schedules" || kind === "maintenance") return this.schedules.post(kind, rest, body);
    return kind === "rollouts" ? this.rollouts.post(rest, body) : problem(404, "not-found", "Not found");
  }

  api(path, query) {
    const now = Date.now();
    const [kind, ...rest] = path.split("/").map(decodeURIComponent);
    const alarms = [...this.fleet.alarms.values()].sort((a, b) => b.raised_ms - a.raised_ms);
    if (kind === "board") return this.board();
    if (kind === "devices") return { now_ms: now, devices: this.fleet.devices };
    if (kind === "schedules" || kind === "maintenance") return this.schedules.get(kind, rest);
    if (kind === "releases") return { now_ms: now, releases: this.rollouts.releases, faults: this.rollouts.faults };
    if (kind === "rollouts" && rest[1] === "trials") return this.rollouts.all.has(rest[0]) ? { now_ms: now, trials: this.rollouts.trials(rest[0], query.get("device")) } : undefined;
    if (kind === "rollouts" && rest[0]) return this.rollouts.all.has(rest[0]) ? this.rollouts.detail(this.rollouts.all.get(rest[0])) : undefined;
    if (kind === "rollouts") return { now_ms: now, rollouts: this.rollouts.list() };
    if (kind === "models") return { models: this.models() };
    if (kind === "inbox") return this.inbox.get(query.get("view") ?? "judge", Number(query.get("limit") ?? 200));
    if (kind === "me") return { name: this.inbox.who, person: true, roles: [{ site: "*", role: "operator" }] };
    if (kind === "alarms" && rest[1] === "context") return this.fleet.alarms.has(rest[0]) ? this.inbox.context(this.fleet.alarms.get(rest[0])) : undefined;
    if (kind === "alarms" && rest[0]) return this.fleet.alarms.get(rest[0]);
    if (kind === "alarms") {
      const list = alarms.filter((alarm) => query.get("state") !== "open" || alarm.state === "open");
      return { now_ms: now, alarms: list.slice(0, Number(query.get("limit") ?? 100)), total: list.length, next: null };
    }
    const machine = kind === "machines" ? this.fleet.machines.get(`${rest[0]}/${rest[1]}`) : undefined;
    if (!machine) return undefined;
    if (rest[2] === "series") return seriesOf(machine, Number(query.get("from_ms")), Number(query.get("to_ms")), Number(query.get("points") ?? 600));
    if (rest[2] === "spectrum") return spectrumOf(machine, query.get("kind"), now);
    return {
      ...machine, now_ms: now, limits: kLimits,
      channels: ["vib", "temperature_de", "temperature_nde", "current", "speed", "pressure"].map((name) => ({ name, unit: "", kind: "reading", rate_hz: 1 })),
      signals: [], speed_hz: 24.7, steady: true, model: { name: "bearing-lstm 37", hash: "9f41c2d07be35a1f" },
      spectra: ["envelope", "velocity", "waveform"], marks: marksOf(machine),
      alarm: alarms.find((alarm) => alarm.state === "open" && alarm.asset === machine.asset) ?? null, history: historyOf(machine, now),
    };
  }

  async answer(request, response) {
    const url = new URL(request.url, "http://mock");
    if (this.delayMs) await new Promise((done) => setTimeout(done, this.delayMs));
    const api = url.pathname.startsWith("/api/v1/");
    const known = this.token === null || (request.headers.cookie ?? "").includes(`mw-session=${this.token}`);
    if (api && !known && url.pathname !== "/api/v1/session")
      return response.writeHead(401, { "content-type": "application/problem+json" }).end(JSON.stringify({ title: "this hub asks for an access token", status: 401, code: "unauthorized" }));
    if (url.pathname === "/api/v1/stream") return this.stream(request, response);
    if (api && request.method === "POST") {
      const [status, body] = await this.post(url.pathname.slice("/api/v1/".length), request);
      const cookie = status === 204 ? { "set-cookie": `mw-session=${this.token}; Path=/; HttpOnly; SameSite=Strict` } : {};
      return response.writeHead(status, { "content-type": status < 400 ? "application/json" : "application/problem+json", ...cookie }).end(body ? JSON.stringify(body) : "");
    }
    if (api) {
      const path = url.pathname.slice("/api/v1/".length);
      const failing = [...this.failing].some((part) => path.includes(part));
      const body = failing ? undefined : this.api(path, url.searchParams);
      if (body) {
        const text = JSON.stringify(body); // as things are now, however late it arrives
        if (this.lateMs.has(path)) await new Promise((done) => setTimeout(done, this.lateMs.get(path)));
        return response.writeHead(200, { "content-type": "application/json" }).end(text);
      }
      const status = failing ? 500 : 404;
      const problem = { type: "about:blank", title: failing ? "The database is busy" : "Not found", status, code: failing ? "store-busy" : "not-found" };
      return response.writeHead(status, { "content-type": "application/problem+json" }).end(JSON.stringify(problem));
    }
    const name = url.pathname === "/" ? "index.html" : basename(url.pathname);
    const file = await readFile(join(this.dist, name)).catch(() => null);
    if (!file) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": kMime[extname(name)] ?? "text/plain", "content-security-policy": kPolicy }).end(file);
  }

  stream(request, response) {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write(`event: hello\ndata: ${JSON.stringify({ now_ms: Date.now(), version: "mock" })}\n\n`);
    this.streams.add(response);
    request.on("close", () => this.streams.delete(response));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { port: { type: "string", default: "8088" }, many: { type: "string", default: "0" }, dist: { type: "string" } },
  });
  const hub = new MockHub({ many: Number(values.many), ...(values.dist ? { dist: values.dist } : {}) });
  console.log(`mock hub on ${await hub.listen(Number(values.port))}`);
  console.log("then: a <site/asset> <act|warning|watch> <fault>   s <site/asset>   l <site>");
  for await (const line of (await import("node:readline")).createInterface({ input: process.stdin })) {
    const [what, ...rest] = line.trim().split(/\s+/);
    if (what === "a") hub.raise(rest[0], rest[1] ?? "warning", rest[2] ?? "outer_race");
    if (what === "s") hub.silence(rest[0]);
    if (what === "l") hub.cutLink(rest[0]);
  }
}
