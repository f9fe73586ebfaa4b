// The mock hub's inbox: verdicts, shelving, questions and undo, as docs/formats/api.md says.
export const kReasons = [
  ["sensor_fault", "Sensor fault", "FALSE_POSITIVE", "NEUTRAL"],
  ["process_change", "Process change", "BENIGN_POSITIVE", "NO_ANOMALY"],
  ["known_work", "Known work", "BENIGN_POSITIVE", "NEUTRAL"],
  ["duplicate", "Duplicate", "UNKNOWN", "NEUTRAL"],
  ["not_a_fault", "Not a fault", "FALSE_POSITIVE", "NO_ANOMALY"],
  ["other", "Other, with a note", "FALSE_POSITIVE", "NO_ANOMALY"],
];
const kNames = { outer_race: "outer race", inner_race: "inner race", ball: "ball", unbalance: "unbalance", misalignment: "misalignment", cavitation: "cavitation" };
const kDay = 86_400_000;
const rank = { act: 0, warning: 1, watch: 2, none: 3 };

export class Inbox {
  constructor(hub) {
    this.hub = hub;
    this.acts = new Map();
    this.who = "ana";
  }

  all = () => [...this.hub.fleet.alarms.values()];
  isIn(alarm, view, now) {
    const shelved = alarm.shelved && (alarm.shelved.until_ms === null || alarm.shelved.until_ms > now);
    if (view === "judge") return !alarm.verdict && !alarm.asked && !shelved;
    if (view === "shelved") return !alarm.verdict && !!shelved;
    if (view === "judged") return !!alarm.verdict;
    return view === "opinion" ? !!alarm.asked : true;
  }

  get(view, limit) {
    const now = Date.now();
    const of = (name) => this.all().filter((alarm) => this.isIn(alarm, name, now));
    const known = this.all().filter((alarm) => alarm.verdict && alarm.verdict.state !== "UNKNOWN");
    const list = of(view).sort((a, b) => (view === "judged" ? b.verdict.at_ms - a.verdict.at_ms : rank[a.level] - rank[b.level] || b.raised_ms - a.raised_ms));
    return {
      now_ms: now, view, counts: { judge: of("judge").length, shelved: of("shelved").length, judged_today: of("judged").filter((one) => one.verdict.at_ms > now - kDay).length, opinion: of("opinion").length, all: this.all().length },
      figures: { alarms_per_hour: 1.8, median_to_verdict_ms: known.length ? 41 * 60_000 : null, real: known.filter((one) => one.verdict.state === "TRUE_POSITIVE").length, known: known.length, twice: 0, agreed: 0 },
      reasons: kReasons.map(([code, words]) => ({ code, words })), alarms: list.slice(0, limit),
    };
  }

  context(alarm) {
    const similar = this.all().filter((one) => one.verdict && one.fault === alarm.fault && one.id !== alarm.id);
    const codes = [alarm.fault, ...Object.keys(kNames).filter((code) => code !== alarm.fault)];
    return {
      real: similar.filter((one) => one.verdict.state === "TRUE_POSITIVE").length, known: similar.length,
      similar: similar.map((one) => ({ id: one.id, asset: one.asset, name: one.name, state: one.verdict.state, fault_name: one.verdict.fault_name, reason_words: one.verdict.reason_words, raised_ms: one.raised_ms })),
      fault_choices: codes.map((code) => ({ code, name: kNames[code] ?? code })),
    };
  }

  post(kind, rest, body) {
    if (kind === "acts") return this.undo(rest[0]);
    if (this.acts.has(body.id)) return [200, { act: body.id, count: body.alarms.length, known: true }];
    const before = new Map();
    for (const id of body.alarms) {
      const alarm = this.hub.fleet.alarms.get(id);
      if (!alarm) return [404, { title: `there is no alarm ${id}`, status: 404, code: "not_found" }];
      before.set(id, { verdict: alarm.verdict ?? null, shelved: alarm.shelved ?? null, asked: alarm.asked ?? null });
      this.apply(alarm, kind, body);
    }
    this.acts.set(body.id, before);
    return [201, { act: body.id, count: body.alarms.length, known: false }];
  }

  apply(alarm, kind, body) {
    const now = Date.now();
    if (kind === "shelvings") alarm.shelved = { until_ms: body.for_s ? now + 1000 * body.for_s : null, who: this.who };
    if (kind === "questions") alarm.asked = { at_ms: now, who: this.who, note: body.note ?? "" };
    if (kind === "verdicts") {
      const reason = kReasons.find(([code]) => code === body.reason);
      const state = body.verdict === "confirm" ? "TRUE_POSITIVE" : (reason?.[2] ?? "UNKNOWN");
      const fault = body.verdict === "confirm" ? body.fault : "";
      alarm.verdict = {
        state, rating: body.verdict === "confirm" ? "ANOMALY" : (reason?.[3] ?? "NEUTRAL"), fault, fault_name: kNames[fault] ?? fault, reason: body.reason ?? "", reason_words: reason?.[1] ?? "",
        note: body.note ?? "", who: this.who, at_ms: now, act: body.id, opinions: 1, agreed: true,
      };
    }
    this.hub.send("alarm", alarm);
  }

  undo(id) {
    const before = this.acts.get(id);
    if (!before) return [404, { title: `there is no act ${id}`, status: 404, code: "not_found" }];
    for (const [alarm, was] of before) this.hub.send("alarm", Object.assign(this.hub.fleet.alarms.get(alarm), was));
    return [200, { act: id, count: before.size, known: false }];
  }
}
