// Numbers and times in the console's words: relative time, the absolute one with its zone for whoever asks.

const kMinute = 60_000;
const kHour = 60 * kMinute;
const kDay = 24 * kHour;

/** "0.4 s", "41 min", "6 h", "11 days": one unit, rounded down, so that nothing looks older than it is. */
export function age(ms: number): string {
  const span = Math.max(0, ms);
  if (span < 10_000) return `${(Math.floor(span / 100) / 10).toFixed(1)} s`;
  if (span < kMinute) return `${Math.floor(span / 1000)} s`;
  if (span < kHour) return `${Math.floor(span / kMinute)} min`;
  if (span < 2 * kDay) return `${Math.floor(span / kHour)} h`;
  return `${Math.floor(span / kDay)} days`;
}

/** Like age(), in whole seconds: for what does not tick by tenths. */
export function ageWhole(ms: number): string {
  return ms < 10_000 ? `${Math.floor(Math.max(0, ms) / 1000)} s` : age(ms);
}

/** A span that was measured, two units where that says more: "2 h 53 min". */
export function span(ms: number): string {
  const minutes = Math.round(ms / kMinute);
  if (ms < 2 * kMinute) return `${Math.round(ms / 1000)} s`;
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
  return `${Math.round(minutes / 60 / 24)} days`;
}

const kLocale = "en-GB"; // day before month, 24 hours: what plants write
const formats = {
  clock: new Intl.DateTimeFormat(kLocale, { hour: "2-digit", minute: "2-digit" }),
  seconds: new Intl.DateTimeFormat(kLocale, { hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  day: new Intl.DateTimeFormat(kLocale, { day: "numeric", month: "short" }),
  weekday: new Intl.DateTimeFormat(kLocale, { weekday: "short" }),
  full: new Intl.DateTimeFormat(kLocale, {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
  }),
};

export const clock = (ms: number): string => formats.clock.format(ms);
export const clockSeconds = (ms: number): string => formats.seconds.format(ms);
export const absolute = (ms: number): string => formats.full.format(ms);
export const day = (ms: number): string => formats.day.format(ms);

/** "Tue 17 Nov 14:32:08", the top bar's clock. */
export const dateClock = (ms: number): string =>
  `${formats.weekday.format(ms)} ${formats.day.format(ms)} ${formats.seconds.format(ms)}`;

/** "Sun 15 Nov 15:58", a point in a plot. */
export const dayClock = (ms: number): string =>
  `${formats.weekday.format(ms)} ${formats.day.format(ms)} ${formats.clock.format(ms)}`;

/** The hour where it was today, the day where it was not. */
export function when(ms: number, now: number): string {
  return formats.day.format(ms) === formats.day.format(now) && Math.abs(now - ms) < kDay ? clock(ms) : day(ms);
}

/** Two or three figures, as many as a person reads off a gauge: 7.4, 91, 1,482. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? (size % 1 < 0.05 ? 0 : 1) : size >= 1 || size === 0 ? 1 : 2;
  return value.toLocaleString("en-GB", { minimumFractionDigits: Math.min(digits, 1), maximumFractionDigits: digits });
}

const kUnits: Record<string, string> = {
  C: "°C",
  degC: "°C",
  celsius: "°C",
  "m/s2": "m/s²",
  "m/s^2": "m/s²",
  "1": "",
};

export const unit = (name: string | null | undefined): string => (name ? (kUnits[name] ?? name) : "");

export function quantity(value: number | null | undefined, name: string | null | undefined): string {
  if (value === null || value === undefined) return "";
  const shown = unit(name);
  return shown ? `${number(value)} ${shown}` : number(value);
}

export const score = (value: number | null | undefined): string =>
  value === null || value === undefined || !Number.isFinite(value) ? "–" : value.toFixed(2);

export const share = (value: number): string => `${Math.round(value * 100)} %`;
export const count = (value: number): string => value.toLocaleString("en-GB");
/** "512 B", "21.4 KB", "1.9 MB". */
export function bytes(value: number): string {
  return value < 1024 ? `${value} B` : value < 1048576 ? `${number(value / 1024)} KB` : `${number(value / 1048576)} MB`;
}

export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;
export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const kFeatureWords: Record<string, string> = {
  rms: "RMS",
  velocity_rms: "velocity RMS",
  acceleration_rms: "acceleration RMS",
  accel_rms: "acceleration RMS",
  peak: "peak",
  crest: "crest factor",
  kurtosis: "kurtosis",
  envelope_rms: "envelope RMS",
  speed_hz: "speed",
};
const kKinematics = /\b(bpfo|bpfi|bsf2?|ftf|rms)\b/g;
const kChannelWords: Record<string, string> = { vib: "Vibration" };

/** "vib.velocity_rms" as a person says it: "Vibration, velocity RMS". What is not known is only tidied. */
export function featureName(name: string): string {
  const dot = name.indexOf(".");
  const tidy = (text: string) =>
    (kFeatureWords[text] ?? text.replace(/_/g, " ")).replace(kKinematics, (word) => (word === "bsf2" ? "2xBSF" : word.toUpperCase()));
  if (dot < 0) return sentence(kChannelWords[name] ?? tidy(name));
  const channel = name.slice(0, dot);
  return `${sentence(kChannelWords[channel] ?? tidy(channel))}, ${tidy(name.slice(dot + 1))}`;
}
