// What the hub says, as docs/formats/api.md writes it. Times are UTC milliseconds.

export type Shown = "act" | "warning" | "watch" | "healthy" | "learning" | "stopped" | "unknown" | "shelved";
export type Level = "none" | "watch" | "warning" | "act";
export type MachineState = "learning" | "running" | "stopped" | "shelved" | "out_of_service" | "unknown";

export interface Machine {
  site: string;
  area: string;
  asset: string;
  name: string;
  device: string;
  state: MachineState;
  level: Level;
  shown: Shown;
  fault: string | null;
  fault_name: string | null;
  score: number | null;
  value: number | null;
  value_unit: string | null;
  value_name: string | null;
  since_ms: number | null;
  last_data_ms: number | null;
  current: boolean;
  was: Shown | null;
  learning_left_s: number | null;
  spark: (number | null)[];
  watch_from: number | null;
}

export interface Area {
  area: string;
  name: string;
  machines: Machine[];
}

export interface Site {
  site: string;
  name: string;
  link: "up" | "lost";
  link_since_ms: number | null;
  /** Events that had waited for the link, and when the last of them came. */
  late_events?: number;
  late_ms?: number | null;
  gateways: number;
  gateways_online: number;
  areas: Area[];
}

export interface Mark {
  name: string;
  expected_hz: number | null;
  found_hz: number | null;
  times_baseline: number | null;
}

export interface Contribution {
  feature: string;
  share: number;
}

export interface Alarm {
  id: string;
  alarm_key: string;
  site: string;
  area: string;
  asset: string;
  name: string;
  device: string;
  level: Level;
  fault: string | null;
  fault_name: string | null;
  action: string | null;
  score: number | null;
  state: "open" | "cleared";
  raised_ms: number;
  updated_ms: number | null;
  cleared_ms: number | null;
  model_name: string | null;
  model_hash: string | null;
  why: string | null;
  speed_hz: number | null;
  steady: boolean | null;
  contributions: Contribution[] | null;
  marks: Mark[] | null;
  cause_id: string | null;
  spark: (number | null)[] | null;
  decision_ms: number | null;
  arrived_ms: number | null;
  verdict?: Verdict | null;
  shelved?: { until_ms: number | null; who: string } | null;
  asked?: { at_ms: number; who: string; note: string } | null;
}

export interface Verdict {
  state: "TRUE_POSITIVE" | "BENIGN_POSITIVE" | "FALSE_POSITIVE" | "UNKNOWN";
  rating: "ANOMALY" | "NO_ANOMALY" | "NEUTRAL";
  fault: string;
  fault_name: string;
  reason: string;
  reason_words: string;
  note: string;
  who: string;
  at_ms: number;
  act: string;
  opinions: number;
  agreed: boolean;
}

export interface Inbox {
  now_ms: number;
  view: string;
  counts: { judge: number; shelved: number; judged_today: number; opinion: number; all: number };
  figures: { alarms_per_hour: number; median_to_verdict_ms: number | null; real: number; known: number; twice: number; agreed: number };
  reasons: { code: string; words: string }[];
  alarms: Alarm[];
}

export interface AlarmContext {
  real: number;
  known: number;
  similar: { id: string; asset: string; name: string; state: Verdict["state"]; fault_name: string; reason_words: string; raised_ms: number }[];
  fault_choices: { code: string; name: string }[];
}

export interface Me {
  name: string;
  person: boolean;
  roles: { site: string; role: "viewer" | "operator" | "admin" }[];
}

export interface Board {
  now_ms: number;
  last_data_ms: number | null;
  sites: Site[];
  open_alarms: number;
  oldest_open_ms: number | null;
  alarms: Alarm[];
}

export interface HistoryEntry {
  ts_ms: number;
  kind: "alarm" | "state" | "gap" | "model" | "commissioned";
  level?: Level | null;
  state?: MachineState | null;
  fault_name?: string | null;
  score?: number | null;
  to_ms?: number | null;
  text?: string | null;
  alarm_id?: string | null;
}

export interface MachineDetail extends Machine {
  limits?: {
    watch_from?: number | null;
    warning_from?: number | null;
    act_from?: number | null;
    zone_c_mm_s?: number | null;
    zone_d_mm_s?: number | null;
  } | null;
  channels?: { name: string; unit: string; kind: string; rate_hz: number | null }[] | null;
  signals?: { name: string; unit: string }[] | null;
  speed_hz?: number | null;
  steady?: boolean | null;
  model?: { name: string; hash: string } | null;
  spectra?: string[] | null;
  marks?: Mark[] | null;
  alarm?: Alarm | null;
  history?: HistoryEntry[] | null;
}

export interface Series {
  from_ms: number;
  to_ms: number;
  bucket_ms: number;
  t_ms: number[];
  series: {
    name: string;
    unit: string;
    mean: (number | null)[];
    min: (number | null)[];
    max: (number | null)[];
  }[];
  state: (MachineState | null)[];
  level: (Level | null)[];
  gaps: { from_ms: number; to_ms: number; cause: string }[];
}

export interface SpectrumLine {
  ts_ms: number;
  step_hz?: number;
  step_s?: number;
  unit: string;
  values: number[];
  speed_hz?: number | null;
}

export interface Spectrum {
  now: SpectrumLine | null;
  baseline: SpectrumLine | null;
  marks: Mark[] | null;
}

export interface Device {
  site: string;
  device: string;
  online: boolean;
  last_seen_ms: number | null;
  since_ms?: number | null;
  version?: string | null;
  model_name?: string | null;
  model_hash?: string | null;
  hardware?: string;
  machines?: number | null;
  uptime_s?: number | null;
  rss_mb?: number | null;
  decisions?: number | null;
  decision_ms_p50?: number | null;
  decision_ms_p99?: number | null;
  decision_ms_p999?: number | null;
  decision_ms_max?: number | null;
  outbox_records?: number | null;
  outbox_bytes?: number | null;
  dropped_readings?: number | null;
  rejected_payloads?: number | null;
  evicted_records?: number | null;
  priority?: string | null;
}
