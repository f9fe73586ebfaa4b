// A gateway as the hub sees one: birth, events with sequences of their own, telemetry each second, last will.
import * as proto from "./proto.mjs";
import { load } from "./harness.mjs";

export const kModel = { modelHash: "5d".repeat(32), modelName: "demo-pump" };
export const nowNs = () => BigInt(Date.now()) * 1_000_000n;

export class Gateway {
  constructor({ port, device, site, area, assets }) {
    Object.assign(this, { port, device, site, area, assets });
    this.epoch = BigInt(Math.floor(Math.random() * 2 ** 48));
    this.sequences = [0, 0, 0, 0];
    this.levels = new Map();
    this.silent = new Set();
    this.steps = 0;
  }

  async start() {
    this.client = await load("mqtt").connectAsync(`mqtt://127.0.0.1:${this.port}`, {
      clientId: `e2e-${this.device}`,
      will: { topic: `mw/v1/${this.device}/status`, payload: JSON.stringify({ online: false }), qos: 1, retain: true },
    });
    const birth = { online: true, site: this.site, ts: Number(nowNs()), epoch: this.epoch.toString(16).padStart(16, "0"), version: "0.1.0" };
    await this.client.publishAsync(`mw/v1/${this.device}/status`, JSON.stringify(birth), { qos: 1, retain: true });
    await this.send("events", this.assets.map(([asset, name]) => this.event("health", proto.assetInfo({ asset, name, area: this.area }))));
    await this.send("events", [this.event("health", proto.health({ uptime: 3600, rssBytes: 21_000_000, ...kModel }))]);
    await this.telemetry();
    this.timer = setInterval(() => void this.telemetry().catch(() => undefined), 1_000);
  }

  event(lane, body) {
    const index = proto.kLane[lane];
    return { lane: index, seq: ++this.sequences[index], ts: nowNs(), body };
  }

  send(kind, events) {
    const payload = proto.eventBatch({ device: this.device, epoch: this.epoch, site: this.site, events });
    return this.client.publishAsync(`mw/v1/${this.device}/${kind}`, payload, { qos: 1 });
  }

  telemetry() {
    this.steps += 1;
    const events = this.assets
      .filter(([asset]) => !this.silent.has(asset))
      .map(([asset]) => {
        const level = this.levels.get(asset) ?? "none";
        const score = { none: 0.05, watch: 0.7, warning: 0.85, act: 0.95 }[level] + 0.01 * Math.sin(this.steps);
        const step = { ts: nowNs(), score, level, velocity: 2 + 4 * score + 0.1 * Math.sin(this.steps), temperature: 50 + 10 * score };
        return this.event("features", proto.features(asset, this.area, [step]));
      });
    return events.length > 0 ? this.send("telemetry", events) : Promise.resolve();
  }

  raise(asset, level, fault = "outer_race") {
    this.levels.set(asset, level);
    const marks = [
      { name: "BPFO", expected: 88.5, found: 88.1, times: 12.1 },
      { name: "BPFI", expected: 133.8, found: 0, times: 1.1 },
      { name: "1x", expected: 24.7, found: 24.6, times: 2 },
    ];
    const one = {
      asset, area: this.area, key: `${asset}-${nowNs()}`, level, fault, score: 0.95, action: "Change the bearing at the next stop.",
      contributions: [["vib.envelope_bpfo", 0.6], ["vib.kurtosis", 0.25], ["temperature", 0.15]], marks, ...kModel,
    };
    const envelope = Array.from({ length: 800 }, (_, n) => 0.02 + [1, 2, 3].reduce((sum, k) => sum + (0.9 / k) * Math.exp(-(((n - 88.1 * k) / 1.3) ** 2)), 0));
    return Promise.all([
      this.send("events", [this.event("alarm", proto.alarm(one))]),
      this.send("telemetry", [this.event("features", proto.spectrum({ asset, kind: "envelope", step: 1, values: envelope, marks }))]),
    ]);
  }

  /** As a power cut: no farewell, the broker publishes the last will. */
  die() {
    clearInterval(this.timer);
    this.client.stream.destroy();
    return this.client.endAsync(true);
  }
}
