// Rollouts that the mock makes up and steers: releases of three lines, one rollout of each fate, commands that hold to the hub's rules.

const kMinute = 60_000;
const kHour = 60 * kMinute;
const kDay = 24 * kHour;
export const kStates = ["waiting", "queued", "fetching", "proving", "shadow", "probation", "committed", "went_back", "refused", "not_heard", "undone"];
const kPolicy = { waves: [0.01, 0.1, 0.5, 1], success_share: 0.9, failure_share: 0.25, failures_min: 2, wave_min_s: 1800, approval: true, windows_min: 400, time_min_s: -1 };

const digestOf = (name, version) => {
  let h = 0x811c9dc5;
  let text = "";
  for (let n = 0; n < 8; n += 1) {
    for (const letter of `${name} ${version} ${n}`) h = Math.imul(h ^ letter.charCodeAt(0), 0x01000193);
    text += (h >>> 0).toString(16).padStart(8, "0");
  }
  return text;
};
// What the mock's gateways say they decide with.
const kModels = { "bearing-lstm 37": "9f41c2d07be35a1f8c6e4b2d90a7531e6fd8c1b4a2e95730bd16f48c7a02e5d9" };

function release(line, number, name, version, bytes) {
  const better = 0.004 * number;
  const figures = { macro_f1: 0.8 + better, balanced_accuracy: 0.81 + better, pr_auc: 0.9, calibration_error: 0.03, far: 0.021 - better / 10, mar: 0.11 - better / 2, delay_s_median: 24.5, events_total: 18, events_found: 17, parity_agreement: 0.9972 };
  const lineage = { data_hash: digestOf(line, `data ${number > 36 ? 2 : 1}`), code_version: "0.1.0", parent: number > 8 ? digestOf(name, `${number - 1}`) : "", trainer: "millwright-train", seed: 1 };
  const detail = { created_ms: Date.UTC(2026, 9, number), model_bytes: bytes - 61_440, steps: 32, features: 24, classes: ["healthy", "outer_race", "inner_race"], lineage, figures };
  return { ...detail, target: `models/${line}/${version}.tar`, kind: "model", name, version, digest: digestOf(name, version), model_hash: kModels[`${name} ${version}`] ?? digestOf(name, `model ${version}`), line, release: number, pack_bytes: bytes };
}

const kReleases = [
  release("bearing", 36, "bearing-lstm", "36", 2_411_008), release("bearing", 37, "bearing-lstm", "37", 2_409_984), release("bearing", 38, "bearing-lstm", "38", 1_994_752),
  release("gearbox", 8, "gearbox-lstm", "8", 1_204_224), release("gearbox", 9, "gearbox-lstm", "9", 1_198_080), release("spindle", 12, "spindle-lstm", "12", 1_331_200),
];

const kUnderWay = {
  "a-06": ["probation", "212"], "b-02": ["probation", "160"], "b-03": ["shadow", "98"], "a-07": ["fetching", "31/45"],
};

/** The waves of the design's picture: 1, 2, 8 and 11 of 22 gateways. */
function bearingMembers(devices, now, before, digest) {
  const waves = [["a-01"], ["a-02", "b-01"], ["a-03", "a-04", "a-05", "a-06", "b-02", "b-03", "a-07", "b-04"]];
  const order = [...waves.flat(), ...devices.map((one) => one.device).filter((name) => !waves.flat().includes(name))];
  return order.map((device, index) => {
    const wave = waves.findIndex((list) => list.includes(device));
    const site = devices.find((one) => one.device === device)?.site ?? "alder";
    const member = { device, site, wave: wave < 0 ? 3 : wave, state: "waiting", status: "", phase: "", progress: "", reason: "", serving: "", updated_ms: 0, online: true, undo_status: "" };
    if (device === "b-07") return { ...member, state: "not_heard", online: false };
    if (wave < 0) return member;
    const [state, progress] = kUnderWay[device] ?? ["committed", ""];
    if (device === "b-04")
      return { ...member, state: "went_back", status: "FAILED", phase: "rolled_back", reason: "decision p99.9 7.2 ms, limit 5 ms: no window missed", serving: before, updated_ms: now - 11 * kMinute };
    if (state === "committed")
      return { ...member, state, status: "SUCCEEDED", phase: "committed", reason: "30 min of probation, 1804 windows", serving: digest, updated_ms: now - (180 - 12 * index) * kMinute };
    return { ...member, state, status: "IN_PROGRESS", phase: state === "fetching" ? "downloading" : state, progress, serving: state === "probation" ? digest : before, updated_ms: now - (3 + index) * kMinute };
  });
}

function allOf(devices, state, digest, at) {
  return devices.map((one, index) => ({
    device: one.device, site: one.site, wave: Math.min(3, Math.floor(Math.log2(index + 1))), state, status: state === "committed" ? "SUCCEEDED" : "FAILED",
    phase: "", progress: "", reason: state === "went_back" ? "false alarms on load changes" : "", serving: digest, updated_ms: at + index * kMinute, online: true,
    undo_status: state === "undone" ? "SUCCEEDED" : "",
  }));
}

export class MockRollouts {
  /** `changed` is told of each rollout that changes. */
  constructor(devices, changed, now = Date.now()) {
    this.devices = devices;
    this.changed = changed;
    this.releases = kReleases.map((one) => ({ ...one }));
    this.faults = ["models/limits/2026-11.tar: the pack's file is missing"];
    this.all = new Map();
    this.number = 12;
    const of = (name, version) => this.releases.find((one) => one.name === name && one.version === version);
    const [old, next] = [of("bearing-lstm", "37"), of("bearing-lstm", "38")];
    this.add(next, bearingMembers(devices, now, old.digest, next.digest), {
      id: "r-12", state: "running", wave: 2, wave_since_ms: now - 87 * kMinute, created_ms: now - 3.2 * kHour, created_by: "30-day schedule", cohort: { hardware: ["Raspberry Pi 4"] },
      log: [[87, "hub", "wave 3 begins", "8 gateways"], [140, "hub", "wave 2 begins", "2 gateways"], [192, "30-day schedule", "rollout started", next.target]],
    });
    const half = devices.slice(0, 5);
    const before = (release, id, days, members, more) =>
      this.add(release, members, { id, state: "done", wave: 3, created_ms: now - days * kDay, ended_ms: now - days * kDay + 5 * kHour, created_by: "30-day schedule", cohort: {}, log: [[days * 1440, "hub", "rollout started", release.target]], ...more });
    before(of("spindle-lstm", "12"), "r-11", 8, allOf(half, "committed", of("spindle-lstm", "12").digest, now - 8 * kDay));
    before(of("gearbox-lstm", "9"), "r-9", 20, allOf(half, "undone", of("gearbox-lstm", "8").digest, now - 20 * kDay), { state: "reversed", reason: "false alarms on load changes" });
    before(old, "r-8", 30, allOf(devices, "committed", old.digest, now - 30 * kDay));
  }

  add(release, members, { log, ...more }) {
    const now = Date.now();
    const rollout = {
      ...release, wave: 0, wave_since_ms: now, reason: "", ended_ms: null, approved_by: "", policy: { ...kPolicy }, members,
      log: log.map(([ago, who, what, detail]) => ({ at_ms: now - ago * kMinute, who, what, detail })), ...more,
    };
    delete rollout.kind;
    delete rollout.pack_bytes;
    delete rollout.model_hash;
    this.all.set(rollout.id, rollout);
    return rollout;
  }

  item({ members, policy, log, approved_by, ...rollout }) {
    const counts = Object.fromEntries(kStates.map((state) => [state, members.filter((one) => one.state === state).length]));
    return { ...rollout, devices: members.length, waves: members.reduce((most, one) => Math.max(most, one.wave + 1), 0), counts };
  }

  detail(rollout) {
    return { now_ms: Date.now(), ...this.item(rollout), approved_by: rollout.approved_by, policy: rollout.policy, gates: this.gates(rollout), members: rollout.members, log: rollout.log };
  }

  /** A gateway that went back ends beyond the limit; with the others the evidence wanders off. */
  trials(id, device) {
    const tried = this.all.get(id).members.filter((one) => ["shadow", "probation", "committed", "went_back", "refused"].includes(one.state));
    const shown = device ? tried.filter((one) => one.device === device) : tried.slice(0, 20);
    return shown.map((one, n) => {
      const fell = one.state === "went_back";
      const points = (phase, last) => Array.from({ length: 40 }, (_, i) => ({
        phase, windows: 10 * (i + 1), at_ms: Date.now() - (40 - i) * 10_000, confidence_change: fell ? -0.062 : 0.002 + n / 1000,
        log10_e: last * ((i + 1) / 40) ** 2 + Math.sin(i / 3 + n) / 8, log10_limit: 3.602,
      }));
      return { device: one.device, points: [...points("shadow", -0.6), ...(one.state === "shadow" ? [] : points("probation", fell ? 3.8 : -1.2))] };
    });
  }

  gates({ members, policy, wave, wave_since_ms, approved_by }) {
    const until = members.filter((one) => one.wave <= wave);
    const took = until.filter((one) => one.state === "committed").length;
    const failed = members.filter((one) => one.state === "went_back" || one.state === "refused").length;
    const minutes = Math.floor((Date.now() - wave_since_ms) / kMinute);
    const halts = failed >= policy.failures_min && failed > policy.failure_share * (took + failed);
    return [
      { name: "Gateways that refused it or went back", now: `${failed} of ${took + failed}`, limit: `at most ${100 * policy.failure_share} %, from ${policy.failures_min} gateways`, result: halts ? "fail" : "pass", if_fails: "the rollout stops" },
      { name: "Gateways that took it, waves so far", now: `${took} of ${until.length}`, limit: `at least ${100 * policy.success_share} %`, result: took >= policy.success_share * until.length ? "pass" : "waiting", if_fails: "the next wave waits" },
      { name: "Time in this wave", now: `${minutes} min`, limit: `at least ${policy.wave_min_s / 60} min`, result: minutes >= policy.wave_min_s / 60 ? "pass" : "waiting", if_fails: "the next wave waits" },
      { name: "A person's approval", now: approved_by ? `by ${approved_by}` : "not yet", limit: "before the last wave", result: approved_by ? "pass" : "waiting", if_fails: "the last wave waits" },
    ];
  }

  list = () => [...this.all.values()].sort((a, b) => b.created_ms - a.created_ms).map((one) => this.item(one));

  /** What tests do to a rollout: fields of its own, and of a gateway's. */
  change(id, fields, device, member) {
    const rollout = this.all.get(id);
    Object.assign(rollout, fields);
    if (device) Object.assign(rollout.members.find((one) => one.device === device), { updated_ms: Date.now(), ...member });
    this.changed(this.item(rollout));
    return rollout;
  }

  /** A plant that is not heard: what moved there is not known. */
  cut(site) {
    for (const rollout of this.all.values())
      for (const one of rollout.members)
        if (one.site === site) Object.assign(one, { online: false, ...(one.status === "SUCCEEDED" || one.status === "FAILED" ? {} : { state: "not_heard" }) });
    for (const rollout of this.all.values()) this.changed(this.item(rollout));
  }

  /** As many gateways as a large fleet has. */
  crowd(id, count) {
    const rollout = this.all.get(id);
    rollout.members = Array.from({ length: count }, (_, n) => ({
      ...rollout.members[n % 20], device: `gw-${String(n).padStart(5, "0")}`, wave: n < count / 100 ? 0 : n < count / 10 ? 1 : n < count / 2 ? 2 : 3,
    }));
  }

  /** Answers as [status, body]. */
  post(parts, body) {
    const problem = (status, code, detail) => [status, { type: "about:blank", title: detail, detail, status, code }];
    if (parts.length === 0) return this.start(body, problem);
    const [id, action] = parts;
    const rollout = this.all.get(id);
    if (!rollout) return problem(404, "not_found", `rollout: there is no "${id}"`);
    const from = { pause: ["running", "waiting"], resume: ["paused"], approve: ["waiting"], abort: ["running", "waiting", "paused"], reverse: ["running", "waiting", "paused", "halted", "aborted", "done"] }[action];
    if (!from?.includes(rollout.state)) return problem(409, "conflict", `rollout: ${id} is ${rollout.state}`);
    const to = { pause: "paused", resume: "running", approve: "running", abort: "aborted", reverse: "reversing" }[action];
    const done = { pause: "rollout paused", resume: "rollout running", approve: "rollout approved", abort: "rollout aborted", reverse: "rollout reversing" }[action];
    rollout.log.unshift({ at_ms: Date.now(), who: "ana", what: done, detail: body.why ?? "" });
    const members = rollout.members;
    if (action === "approve") Object.assign(rollout, { approved_by: "ana", wave: 3, wave_since_ms: Date.now(), reason: "" });
    if (action === "approve") for (const one of members) if (one.wave === 3 && one.state === "waiting") Object.assign(one, { state: "queued", status: "QUEUED" });
    if (action === "abort" || action === "reverse") {
      for (const one of members) if (["QUEUED", "IN_PROGRESS"].includes(one.status)) Object.assign(one, { state: one.phase === "probation" ? "went_back" : "waiting", status: "CANCELED" });
      rollout.reason = body.why || `${action === "abort" ? "aborted" : "reversed"} by ana`;
    }
    if (action === "abort") rollout.ended_ms = Date.now();
    if (action === "reverse") for (const one of members) if (one.state === "committed") one.undo_status = "QUEUED";
    rollout.state = to;
    this.changed(this.item(rollout));
    return [200, this.detail(rollout)];
  }

  start({ target, policy = kPolicy, sites = [], hardware = [], dry_run = false }, problem) {
    const release = this.releases.find((one) => one.target === target);
    if (!release) return problem(404, "not_found", `releases: there is no "${target}"`);
    const other = [...this.all.values()].find((one) => one.line === release.line && ["running", "waiting", "paused", "reversing"].includes(one.state));
    if (other) return problem(409, "conflict", `rollout: ${other.id} of the same line is under way`);
    const fleet = this.devices.filter((one) => (sites.length === 0 || sites.includes(one.site)) && (hardware.length === 0 || hardware.some((kind) => one.hardware.startsWith(kind))));
    let from = 0;
    const members = policy.waves.flatMap((share, wave) => {
      const to = Math.min(fleet.length, Math.max(Math.floor(share * fleet.length + 1e-9), from + 1));
      const list = fleet.slice(from, to).map((one) => ({
        device: one.device, site: one.site, wave, state: one.online ? (wave === 0 && !dry_run ? "queued" : "waiting") : "not_heard", status: wave === 0 && !dry_run ? "QUEUED" : "",
        phase: "", progress: "", reason: "", serving: "", updated_ms: 0, online: one.online, undo_status: "",
      }));
      from = Math.max(from, to);
      return list;
    });
    const made = this.add(release, members, { id: `r-${dry_run ? "plan" : (this.number += 1)}`, state: "running", created_ms: Date.now(), created_by: "ana", cohort: sites.length > 0 ? { sites } : {}, policy: { ...kPolicy, ...policy }, log: dry_run ? [] : [[0, "ana", "rollout started", target]] });
    if (!dry_run) this.changed(this.item(made));
    else this.all.delete(made.id);
    return [dry_run ? 200 : 201, this.detail(made)];
  }
}
