// A small fleet that moves: what a hub would say about it. For developing and testing the console without one.
//
// Everything is a function of the machine's own seed and the time, so that two runs show the same.

const kHour = 3_600_000;
const kOrders = { bpfo: 3.585, bpfi: 5.415, bsf: 2.357, ftf: 0.398 };
const kFaultNames = {
  outer_race: "Outer race", inner_race: "Inner race", unbalance: "Unbalance", misalignment: "Misalignment", cavitation: "Cavitation",
};
const kActions = {
  outer_race: "change the bearing at the next stop, today if possible.",
  inner_race: "change the bearing at the next stop.",
  unbalance: "check tool holder and balance.",
  misalignment: "check the coupling alignment.",
  cavitation: "check suction pressure and strainer.",
};
const kWhy = {
  outer_race: "Envelope line at 88.1 Hz is 12 times its baseline and has grown for 11 days.",
  inner_race: "Envelope line at 133.8 Hz is 6 times its baseline.",
  unbalance: "1x line at 133 Hz is 4 times its baseline since the tool change at 12:20.",
  misalignment: "2x and 3x lines rose 3 times after the motor was moved.",
  cavitation: "Broad band above 5 kHz rose 2.4 times; discharge pressure is unsteady.",
};
export const kLimits = { watch_from: 0.6, warning_from: 0.8, act_from: 0.9, zone_c_mm_s: 4.5, zone_d_mm_s: 7.1 };

// asset, name, value, and what is special about it
const kSites = [
  ["alder", "Alder", 12, [
    ["cooling-water", "Cooling water", [
      ["P-101", "Cooling pump 1", 2.1], ["P-102", "Cooling pump 2", 7.4, { level: "act", fault: "outer_race", score: 0.94, ago: 6 }],
      ["P-103", "Cooling pump 3", 0, { state: "stopped" }], ["GB-105", "Tower fan gearbox", 1.8], ["F-106", "Tower fan", 2.9],
    ]],
    ["boiler-house", "Boiler house", [
      ["P-201", "Feed pump 1", 2.6], ["P-202", "Feed pump 2", 3.4, { level: "watch", fault: "cavitation", score: 0.71, ago: 0.63 }],
      ["P-203", "Feed pump 3", 0, { state: "stopped" }], ["F-210", "Draught fan", 2.2],
    ]],
    ["mixing", "Mixing", [
      ["GB-301", "Mixer 1 gearbox", 1.6], ["GB-302", "Mixer 2 gearbox", 4.8, { level: "warning", fault: "misalignment", score: 0.83, ago: 5 }],
      ["GB-303", "Mixer 3 gearbox", 1.9], ["P-310", "Dosing pump", 1.1],
    ]],
    ["air", "Air", [["C-401", "Air compressor 1", 3.9], ["C-402", "Air compressor 2", 91, { unit: "C" }], ["C-403", "Air dryer", 0.8]]],
  ]],
  ["birch", "Birch", 10, [
    ["machining", "Machining", [
      ["SP-11", "Mill 1 spindle", 0.9], ["SP-12", "Mill 2 spindle", 2.8, { level: "warning", fault: "unbalance", score: 0.87, ago: 2 }],
      ["SP-13", "Mill 3 spindle", 0.7], ["SP-14", "Mill 4 spindle", 1.0, { state: "learning" }], ["SP-15", "Grinder spindle", 0.5],
    ]],
    ["press-line", "Press line", [
      ["GB-21", "Press 1 gearbox", 2.3], ["GB-22", "Press 2 gearbox", 2.0],
      ["P-24", "Hydraulic pump 1", 3.1, { level: "watch", fault: "cavitation", score: 0.66, ago: 3 }], ["P-25", "Hydraulic pump 2", 2.4],
    ]],
    ["utilities", "Utilities", [
      ["C-31", "Air compressor 1", 3.5], ["C-32", "Air compressor 2", 3.3],
      ["P-33", "Chilled-water pump 1", 1.2, { silent: 41 }], ["P-34", "Chilled-water pump 2", 1.4, { silent: 41 }],
    ]],
  ]],
];

// A cheap hash noise in -1..1: the same for the same place and time.
export function noise(seed, at) {
  let h = Math.imul(seed ^ Math.imul(at | 0, 0x9e3779b1), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2147483648 - 1;
}

const seedOf = (text) => [...text].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0, 7);

function makeMachine(site, area, device, [asset, name, value, special = {}], now) {
  const level = special.level ?? "none";
  const state = special.state ?? "running";
  const machine = {
    site, area, asset, name, device, state, level,
    shown: state !== "running" ? state : level === "none" ? "healthy" : level,
    fault: special.fault ?? null,
    fault_name: kFaultNames[special.fault] ?? null,
    score: special.score ?? (state === "running" ? 0.05 : null),
    value: state === "stopped" ? null : value,
    value_unit: special.unit ?? "mm/s",
    value_name: special.unit ? "temperature" : "vib.velocity_rms",
    since_ms: now - (special.ago ?? 30) * kHour,
    last_data_ms: now - (special.silent ?? 0) * 60_000,
    current: true,
    was: null,
    learning_left_s: state === "learning" ? 31 * 3600 : null,
    spark: [],
    watch_from: kLimits.watch_from,
  };
  machine.spark = spark(machine);
  if (special.silent) silence(machine);
  return machine;
}

const kSparkPoints = 48;
function spark(machine) {
  const seed = seedOf(machine.asset);
  const score = machine.score ?? 0.04;
  const rises = machine.level !== "none";
  return Array.from({ length: kSparkPoints }, (_, at) => {
    const grown = rises ? score * (0.45 + 0.55 * Math.min(1, at / 34)) : score;
    return Math.min(1, Math.max(0, grown + 0.025 * noise(seed, at)));
  });
}

/** As the hub tells a machine that is not heard: unknown, and what it was. */
export function silence(machine) {
  if (machine.shown !== "unknown") machine.was = machine.shown;
  machine.shown = "unknown";
  machine.current = false;
  machine.spark = machine.spark.map((value, at) => (at < kSparkPoints - 5 ? value : null));
}

function makeAlarm(machine, raised, now) {
  const marks = marksOf(machine);
  return {
    id: `${machine.site}.${machine.asset}.${raised}`,
    alarm_key: `${machine.asset}-${raised}000000`,
    site: machine.site, area: machine.area, asset: machine.asset, name: machine.name, device: machine.device,
    level: machine.level, fault: machine.fault, fault_name: machine.fault_name, action: kActions[machine.fault],
    score: machine.score, state: "open", raised_ms: raised, updated_ms: now, cleared_ms: null,
    model_name: "bearing-lstm 37", model_hash: "9f41c2d07be35a1f8c6e4b2d90a7531e6fd8c1b4a2e95730bd16f48c7a02e5d9",
    why: kWhy[machine.fault], speed_hz: 24.7, steady: machine.fault !== "unbalance",
    contributions: [
      { feature: "vib.envelope_bpfo", share: 0.58 }, { feature: "vib.kurtosis", share: 0.17 }, { feature: "temperature", share: 0.13 },
      { feature: "vib.band_2k_6k", share: 0.08 }, { feature: "vib.crest", share: 0.03 }, { feature: "current", share: 0.01 },
    ],
    marks, cause_id: null, spark: machine.spark, decision_ms: 2.1, arrived_ms: raised + 140,
  };
}

export function marksOf(machine) {
  const outer = machine.fault === "outer_race";
  return [
    { name: "BPFO", expected_hz: 88.5, found_hz: outer ? 88.1 : 0, times_baseline: outer ? 12.1 : 1.1 },
    { name: "BPFI", expected_hz: 133.8, found_hz: 0, times_baseline: 1.1 },
    { name: "2xBSF", expected_hz: 116.4, found_hz: 0, times_baseline: 1.2 },
    { name: "FTF", expected_hz: 9.8, found_hz: 0, times_baseline: 1.0 },
    { name: "1x", expected_hz: 24.7, found_hz: 24.6, times_baseline: 2.0 },
  ];
}

/** `many`: that many machines more, for what only shows at scale. */
export function makeFleet(many = 0, now = Date.now()) {
  const sites = kSites.map(([site, name, gateways, areas]) => ({
    site, name, link: "up", link_since_ms: now - 90 * kHour, late_events: 0, late_ms: null, gateways,
    gateways_online: site === "birch" ? gateways - 1 : gateways,
    areas: areas.map(([area, areaName, list]) => ({
      area, name: areaName, machines: list.map((one) => makeMachine(site, area, `${site[0]}-03`, one, now)),
    })),
  }));
  if (many > 0) {
    const machines = Array.from({ length: many }, (_, n) => {
      const pick = Math.abs(noise(99, n));
      const special = pick > 0.995 ? { level: "act", fault: "outer_race", score: 0.93, ago: 1 }
        : pick > 0.97 ? { level: "watch", fault: "cavitation", score: 0.65, ago: 1 } : pick > 0.94 ? { state: "stopped" } : {};
      return makeMachine("cedar", "hall", "c-01", [`M-${1000 + n}`, `Machine ${n}`, 1 + pick, special], now);
    });
    sites.push({ site: "cedar", name: "Cedar", link: "up", link_since_ms: now, gateways: 1, gateways_online: 1, areas: [{ area: "hall", name: "Hall", machines }] });
  }
  const all = sites.flatMap((site) => site.areas.flatMap((area) => area.machines));
  const alarms = all.filter((machine) => machine.level !== "none").map((machine) => makeAlarm(machine, machine.since_ms, now));
  return { sites, machines: new Map(all.map((one) => [`${one.site}/${one.asset}`, one])), alarms: new Map(alarms.map((one) => [one.id, one])), devices: makeDevices(sites, now) };
}

function makeDevices(sites, now) {
  return sites.flatMap((site) =>
    Array.from({ length: site.gateways }, (_, n) => {
      const online = n < site.gateways_online;
      return {
        site: site.site, device: `${site.site[0]}-${String(n + 1).padStart(2, "0")}`, online,
        last_seen_ms: online ? now : now - 41 * 60_000, since_ms: now - 20 * kHour, version: "0.1.0", model_name: "bearing-lstm 37",
        model_hash: "9f41c2d07be35a1f8c6e4b2d90a7531e6fd8c1b4a2e95730bd16f48c7a02e5d9", hardware: n % 3 === 0 ? "NVIDIA Jetson Nano" : "Raspberry Pi 4 Model B Rev 1.4", machines: 2, uptime_s: 72_000 + 999 * n, rss_mb: 21.4 + n / 10,
        decisions: 100_000 + n, decision_ms_p50: 0.6, decision_ms_p99: 1.9, decision_ms_p999: 3.1, decision_ms_max: 4.8,
        outbox_records: online ? n % 3 : 1804, outbox_bytes: online ? 900 : 1_200_000, dropped_readings: 0, rejected_payloads: 0, evicted_records: 0, priority: "real-time", lanes: [],
      };
    }),
  );
}

/** Raises an alarm on a machine as an agent would. */
export function raise(fleet, key, level, fault, now = Date.now()) {
  const machine = fleet.machines.get(key);
  Object.assign(machine, { state: "running", level, shown: level, fault, fault_name: kFaultNames[fault], score: { act: 0.95, warning: 0.85, watch: 0.7 }[level], since_ms: now, current: true, was: null });
  machine.spark = spark(machine);
  const alarm = makeAlarm(machine, now, now);
  fleet.alarms.set(alarm.id, alarm);
  return { machine, alarm };
}
