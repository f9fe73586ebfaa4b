// What the hub says about releases and rollouts, as docs/formats/api.md writes it. Times are UTC milliseconds.

export type RolloutState = "running" | "waiting" | "paused" | "halted" | "aborted" | "done" | "reversing" | "reversed";
export type MemberState =
  | "waiting"
  | "queued"
  | "fetching"
  | "proving"
  | "shadow"
  | "probation"
  | "committed"
  | "went_back"
  | "refused"
  | "not_heard"
  | "undone";

/** A pack that the signed targets name. */
export interface Release {
  target: string;
  kind: "model" | "config";
  name: string;
  version: string;
  /** Of the bundle's manifest: what a gateway says in a rollout that it serves. */
  digest: string;
  /** Of the model file: what a gateway says in its health reports that it decides with; of a configuration empty. */
  model_hash: string;
  line: string;
  release: number;
  pack_bytes: number;
  created_ms: number;
  /** Of a configuration 0, as steps and features. */
  model_bytes: number;
  steps: number;
  features: number;
  classes: string[];
  /** Empty texts where the bundle does not tell; `parent` is a digest. */
  lineage: { data_hash: string; code_version: string; parent: string; trainer: string; seed: number };
  /** From its report.json; what it does not tell is absent. */
  figures: Partial<Record<string, number>>;
}

export interface Releases {
  now_ms: number;
  releases: Release[];
  faults: string[];
}

export interface Cohort {
  sites?: string[];
  devices?: string[];
  hardware?: string[];
  machine_classes?: string[];
}

export interface Rollout {
  id: string;
  target: string;
  line: string;
  release: number;
  name: string;
  version: string;
  digest: string;
  state: RolloutState;
  /** Counted from 0. */
  wave: number;
  waves: number;
  wave_since_ms: number | null;
  reason: string;
  created_ms: number;
  ended_ms: number | null;
  created_by: string;
  /** Which gateways it is for; lists that are absent leave nobody out. */
  cohort: Cohort;
  devices: number;
  counts: Partial<Record<MemberState, number>>;
}

export interface Policy {
  /** Shares of the fleet, rising; the last is 1. */
  waves: number[];
  success_share: number;
  failure_share: number;
  failures_min: number;
  wave_min_s: number;
  approval: boolean;
  windows_min?: number;
  time_min_s?: number;
}

export interface Gate {
  name: string;
  now: string | number | null;
  limit: string | number | null;
  result: "pass" | "fail" | "waiting";
  if_fails: string;
}

export interface Member {
  device: string;
  site: string;
  wave: number;
  state: MemberState;
  status: string;
  phase: string;
  progress: string;
  reason: string;
  serving: string;
  updated_ms: number | null;
  online: boolean;
  undo_status: string;
  /** Its site's window, or in a plan its wave, holds it back until then. */
  offered_from_ms?: number | null;
}

export interface LogEntry {
  at_ms: number;
  who: string;
  what: string;
  detail: string;
}

export interface RolloutDetail extends Rollout {
  approved_by?: string;
  policy: Policy;
  gates: Gate[];
  members: Member[];
  log: LogEntry[];
}

/** What a gateway told of its test between old and new; `log10_e` reaches `log10_limit` where it calls the new one worse. */
export interface TrialPoint {
  phase: "shadow" | "probation";
  windows: number;
  at_ms: number;
  confidence_change: number;
  log10_e: number;
  log10_limit: number;
}

export interface DeviceTrial {
  device: string;
  points: TrialPoint[];
}

export interface StartRequest {
  target: string;
  policy?: Policy;
  sites?: string[];
  hardware?: string[];
  machine_classes?: string[];
  dry_run?: boolean;
}

export interface ModelInUse {
  name: string;
  hash: string;
  devices: number;
  assets: number;
}

export type Weekday = "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun";

export interface MaintenanceWindow {
  days: Weekday[];
  from: string;
  to: string;
}

export interface MaintenanceCalendar {
  zone: string;
  windows: MaintenanceWindow[];
}

export interface MaintenanceSite {
  site: string;
  calendar: MaintenanceCalendar;
  open: boolean;
  changes_ms: number | null;
}

export interface ScheduleRequest {
  name: string;
  line: string;
  every_days: number;
  first_day?: string;
  at: string;
  zone: string;
  sites: string[];
  policy: Policy;
}

export type ScheduleOutcome = "none" | "started" | "nothing_new" | "stopped" | "waits" | "failed";

export interface Schedule extends ScheduleRequest {
  first_day: string;
  paused: boolean;
  next_ms: number;
  created_ms: number;
  created_by: string;
  last_ms: number | null;
  outcome: ScheduleOutcome;
  words: string;
  rollout: string;
}

export interface SchedulePlan {
  at_ms: number;
  outcome: ScheduleOutcome;
  words: string;
  rollout: RolloutDetail | null;
}
