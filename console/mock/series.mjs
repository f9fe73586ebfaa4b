// History that the mock makes up on demand: signals, states, gaps and spectra of one machine.
import { kLimits, marksOf, noise } from "./plant.mjs";

const kMinute = 60_000;

// Two stops and a gap, as shares of the range, so that every range shows them.
const kStops = [[0.295, 0.325], [0.645, 0.67]];
const kGap = [0.48, 0.487];

export function seriesOf(machine, from, to, points) {
  const bucket = Math.max(1_000, Math.round((to - from) / points));
  const t = [];
  for (let at = from; at < to; at += bucket) t.push(Math.round(at));
  const share = (at) => (at - from) / (to - from);
  const inside = (at, [a, b]) => share(at) >= a && share(at) < b;
  const stopped = (at) => kStops.some((stop) => inside(at, stop));
  const gap = (at) => inside(at, kGap) || (machine.last_data_ms && at > machine.last_data_ms + 2_000);
  const sick = machine.level !== "none";
  const column = (name, unit, make, spread, runsWhileStopped = true) => {
    const mean = [], min = [], max = [];
    t.forEach((at, index) => {
      const none = gap(at) || (stopped(at) && !runsWhileStopped);
      const value = none ? null : make(share(at), index, stopped(at));
      mean.push(value);
      min.push(value === null ? null : value - spread * (0.6 + 0.4 * noise(3, index)));
      max.push(value === null ? null : value + spread * (0.6 + 0.4 * noise(4, index)));
    });
    return { name, unit, mean, min, max };
  };
  const grow = (s) => (sick ? Math.max(0, s - 0.33) / 0.67 : 0);
  const score = column("score", "", (s, n) => Math.min(1, Math.max(0, 0.05 + 0.9 * Math.min(1, 1.6 * grow(s)) + 0.03 * noise(1, n))), 0.01, false);
  const level = score.mean.map((value) =>
    value === null || !sick ? "none" : value >= kLimits.act_from ? "act" : value >= kLimits.warning_from ? "warning" : value >= kLimits.watch_from ? "watch" : "none");
  return {
    from_ms: from, to_ms: to, bucket_ms: bucket, t_ms: t,
    series: [
      score,
      column("vib.velocity_rms", "mm/s", (s, n) => 2.2 + 5 * grow(s) + 0.25 * noise(5, n), 0.35, false),
      column("temperature_de", "C", (s, n, off) => (off ? 32 : 51 + 14 * grow(s)) + 0.5 * noise(6, n) + Math.sin(28 * s), 0.4),
      column("temperature_nde", "C", (s, n, off) => (off ? 31 : 48) + 0.5 * noise(7, n) + Math.sin(28 * s), 0.4),
      column("current", "A", (s, n, off) => (off ? 0 : 42 + 1.5 * Math.sin(50 * s) + 0.8 * noise(8, n)), 0.5),
    ],
    state: t.map((at) => (gap(at) ? null : stopped(at) ? "stopped" : "running")),
    level: t.map((at, n) => (gap(at) ? null : level[n])),
    gaps: [{ from_ms: from + kGap[0] * (to - from), to_ms: from + kGap[1] * (to - from), cause: "agent_down" }],
  };
}

export function spectrumOf(machine, kind, now) {
  if (kind === "waveform") {
    const values = Array.from({ length: 3072 }, (_, n) => {
      const s = n / 25_600;
      const since = s % (1 / 88.1);
      return 0.3 * Math.sin(2 * Math.PI * 24.7 * s) + 2.9 * Math.exp(-since * 500) * Math.sin(2 * Math.PI * 3200 * since) + 0.15 * noise(9, n);
    });
    return { now: { ts_ms: now - 28_000, step_s: 1 / 25_600, unit: "m/s2", values, speed_hz: 24.7 }, baseline: null, marks: [] };
  }
  const step = 0.5;
  const marks = marksOf(machine);
  const line = (f, at, height, width) => height * Math.exp(-(((f - at) / width) ** 2));
  const make = (seed, tall) =>
    Array.from({ length: 2000 }, (_, n) => {
      const f = n * step;
      let value = 0.025 + 0.012 * Math.abs(noise(seed, n)) + line(f, 24.6, 0.09, 1.2);
      if (machine.fault === "outer_race")
        [0.86, 0.52, 0.29, 0.16, 0.09].forEach((height, order) => (value += line(f, 88.1 * (order + 1), height * tall, 1.3)));
      return value;
    });
  return {
    now: { ts_ms: now - 28_000, step_hz: step, unit: kind === "velocity" ? "mm/s" : "m/s2", values: make(11, 1), speed_hz: 24.7 },
    baseline: { ts_ms: now - 90 * 24 * 60 * kMinute, step_hz: step, unit: "m/s2", values: make(12, 0.07), speed_hz: 24.7 },
    marks,
  };
}

export function historyOf(machine, now) {
  const hour = 60 * kMinute;
  const sick = machine.level !== "none";
  return [
    ...(sick ? [
      { ts_ms: machine.since_ms, kind: "alarm", level: machine.level, fault_name: machine.fault_name, score: machine.score },
      { ts_ms: now - 74 * hour, kind: "alarm", level: "watch", fault_name: machine.fault_name, score: 0.62 },
    ] : []),
    { ts_ms: now - 160 * hour, to_ms: now - 157.1 * hour, kind: "gap", text: "Gap: gateway without power, windows refilled 4 min later" },
    { ts_ms: now - 200 * hour, kind: "state", state: "stopped" },
    { ts_ms: now - 300 * hour, kind: "model", text: "Model 36 to 37" },
    { ts_ms: now - 2000 * hour, kind: "commissioned", text: "Recommissioned after a seal change" },
  ];
}
