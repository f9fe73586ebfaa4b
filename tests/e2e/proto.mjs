// The few messages of src/wire/event.proto that the tests send, encoded by hand: no code generator is needed.

const kVarint = 0;
const kFixed64 = 1;
const kBytes = 2;
const kFixed32 = 5;

function varint(value) {
  const out = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    out.push(rest ? byte | 0x80 : byte);
  } while (rest);
  return Buffer.from(out);
}

const tag = (field, type) => varint((field << 3) | type);
const uint = (field, value) => Buffer.concat([tag(field, kVarint), varint(value)]);
const bytes = (field, value) => Buffer.concat([tag(field, kBytes), varint(value.length), value]);
const text = (field, value) => bytes(field, Buffer.from(value));

function fixed64(field, value) {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
  return Buffer.concat([tag(field, kFixed64), out]);
}

function float(field, value) {
  const out = Buffer.alloc(4);
  out.writeFloatLE(value);
  return Buffer.concat([tag(field, kFixed32), out]);
}

const floats = (field, list) => {
  const out = Buffer.alloc(4 * list.length);
  list.forEach((value, at) => out.writeFloatLE(value, 4 * at));
  return bytes(field, out);
};
const times = (field, list) => {
  const out = Buffer.alloc(8 * list.length);
  list.forEach((value, at) => out.writeBigUInt64LE(BigInt.asUintN(64, value), 8 * at));
  return bytes(field, out);
};
const uints = (field, list) => bytes(field, Buffer.concat(list.map(varint)));

export const kLane = { alarm: 0, health: 1, features: 2 };
export const kLevel = { none: 0, watch: 1, warning: 2, act: 3 };
export const kState = { unknown: 0, learning: 1, running: 2, stopped: 3 };
const kBody = { alarm: 10, state: 11, health: 13, features: 14, spectrum: 15, assetInfo: 16 };

const mark = ({ name, expected, found, times: loud }) => Buffer.concat([text(1, name), float(2, expected), float(3, found), float(4, loud)]);

export function alarm(one) {
  const parts = [
    text(1, one.asset), text(2, one.area), text(3, one.key), uint(4, one.kind ?? 0), uint(5, kLevel[one.level]), text(6, one.fault), float(7, one.score),
    float(8, one.score), text(9, one.modelHash), text(10, one.modelName), text(11, one.action), bytes(13, Buffer.alloc(64, 7)),
  ];
  for (const [feature, share] of one.contributions ?? []) parts.push(bytes(14, Buffer.concat([text(1, feature), float(2, share)])));
  for (const line of one.marks ?? []) parts.push(bytes(15, mark(line)));
  parts.push(float(16, one.speedHz ?? 24.7), uint(17, 1), float(21, 0.8));
  return { body: kBody.alarm, bytes: Buffer.concat(parts) };
}

export function health(one) {
  const double = Buffer.alloc(8);
  double.writeDoubleLE(one.uptime);
  return {
    body: kBody.health,
    bytes: Buffer.concat([tag(1, kFixed64), double, uint(2, one.rssBytes), uint(3, 1000), float(4, 0.5), float(5, 1.5), float(6, 2.5), float(7, 4), uint(8, 0), text(12, "0.1.0"), text(13, one.modelHash), text(14, one.modelName)]),
  };
}

/** Steps of one machine: [{ts, score, level, state, velocity, temperature}]. */
export function features(asset, area, steps) {
  return {
    body: kBody.features,
    bytes: Buffer.concat([
      text(1, asset), text(2, area), times(3, steps.map((step) => step.ts)), floats(4, steps.map((step) => step.score)),
      uints(5, steps.map((step) => kLevel[step.level ?? "none"])), uints(6, steps.map((step) => kState[step.state ?? "running"])), uints(7, steps.map((step) => (step.level && step.level !== "none" ? 1 : 0))),
      floats(8, steps.flatMap((step) => [step.velocity, step.temperature])), text(9, "vib.velocity_rms"), text(9, "temperature"), text(10, "mm/s"), text(10, "C"),
    ]),
  };
}

export function assetInfo(one) {
  const channel = (name, unit, kind, rate) => {
    const double = Buffer.alloc(8);
    double.writeDoubleLE(rate);
    return bytes(4, Buffer.concat([text(1, name), text(2, unit), text(3, kind), tag(4, kFixed64), double]));
  };
  return {
    body: kBody.assetInfo,
    bytes: Buffer.concat([
      text(1, one.asset), text(2, one.area), text(3, one.name), channel("vib", "m/s2", "samples", 12800), channel("temperature", "C", "reading", 1),
      text(7, "healthy"), text(7, "outer_race"), float(8, 0.6), float(9, 0.8), float(10, 0.9), float(11, 4.5), float(12, 7.1), text(13, "pump"),
    ]),
  };
}

export function spectrum(one) {
  const parts = [text(1, one.asset), text(2, "vib"), uint(3, { velocity: 0, envelope: 1, waveform: 2 }[one.kind]), float(4, one.step), floats(5, one.values), text(6, "m/s2"), uint(7, one.baseline ? 1 : 0), float(8, 24.7)];
  for (const line of one.marks ?? []) parts.push(bytes(9, mark(line)));
  return { body: kBody.spectrum, bytes: Buffer.concat(parts) };
}

export function eventBatch({ device, epoch, site, events }) {
  const parts = [text(1, device), fixed64(2, epoch), text(3, site)];
  for (const { lane, seq, ts, body } of events)
    parts.push(bytes(4, Buffer.concat([uint(1, lane), uint(2, seq), fixed64(3, ts), bytes(body.body, body.bytes)])));
  parts.push(uint(5, 1));
  return Buffer.concat(parts);
}
