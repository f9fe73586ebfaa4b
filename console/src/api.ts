// The hub's API: one way to ask, errors as a person can read them.
import { accessNeeded, entered, grants } from "./access.ts";
import type { DeviceTrial, MaintenanceCalendar, MaintenanceSite, ModelInUse, Releases, Rollout, RolloutDetail, Schedule, SchedulePlan, ScheduleRequest, StartRequest } from "./logic/rollout_types.ts";
import type { Alarm, AlarmContext, Board, Device, Inbox, MachineDetail, Me, Series, Spectrum } from "./logic/types.ts";

/** What failed, with a code that can be copied into a report. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  constructor(message: string, code: string, status: number) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

const kTimeoutMs = 15_000;
const kSessionPath = "session";

interface Ask {
  signal?: AbortSignal | undefined;
  /** A change: sent as POST. */
  body?: unknown;
}

async function ask<T>(path: string, { signal, body }: Ask = {}): Promise<T> {
  if (path !== kSessionPath) await entered();
  if (accessNeeded.peek() && path !== kSessionPath) throw new ApiError("An access token is needed", `401 ${path.split("?")[0]}`, 401);
  const known = grants.peek();
  const timeout = AbortSignal.timeout(kTimeoutMs);
  let response: Response;
  try {
    response = await fetch(`./api/v1/${path}`, {
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      // Another site's page can have no form send the header: the hub takes no change without it.
      ...(body === undefined
        ? { headers: { accept: "application/json" } }
        : {
            method: "POST",
            headers: { accept: "application/json", "content-type": "application/json", "x-millwright": "1" },
            body: JSON.stringify(body),
          }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError("The hub does not answer", timeout.aborted ? "timeout" : "no-connection", 0);
  }
  if (!response.ok) {
    if (response.status === 401 && path !== kSessionPath) {
      // It left before a token was taken: the answer says nothing of that token.
      if (known !== grants.peek()) return ask<T>(path, { signal, body });
      accessNeeded.value = true;
    }
    throw await problem(response, path);
  }
  return (response.status === 204 ? undefined : await response.json()) as T;
}

// RFC 9457; anything else (a proxy's page, say) keeps its status.
async function problem(response: Response, path: string): Promise<ApiError> {
  const code = `${response.status} ${path.split("?")[0]}`;
  try {
    const body = (await response.json()) as { title?: string; detail?: string; code?: string };
    return new ApiError(body.detail || body.title || `The hub answered ${response.status}`, `${body.code ?? ""} ${code}`.trim(), response.status);
  } catch {
    return new ApiError(`The hub answered ${response.status}`, code, response.status);
  }
}

const machinePath = (site: string, asset: string) => `machines/${encodeURIComponent(site)}/${encodeURIComponent(asset)}`;
const rolloutPath = (id: string) => `rollouts/${encodeURIComponent(id)}`;

export const api = {
  board: () => ask<Board>("board"),
  machine: (site: string, asset: string, signal?: AbortSignal) => ask<MachineDetail>(machinePath(site, asset), { signal }),
  series: (site: string, asset: string, range: { from: number; to: number }, points: number, signal?: AbortSignal) =>
    ask<Series>(
      `${machinePath(site, asset)}/series?from_ms=${Math.round(range.from)}&to_ms=${Math.round(range.to)}&points=${points}`,
      { signal },
    ),
  spectrum: (site: string, asset: string, kind: string, signal?: AbortSignal) =>
    ask<Spectrum>(`${machinePath(site, asset)}/spectrum?kind=${encodeURIComponent(kind)}`, { signal }),
  alarm: (id: string, signal?: AbortSignal) => ask<Alarm>(`alarms/${encodeURIComponent(id)}`, { signal }),
  alarmContext: (id: string, signal?: AbortSignal) => ask<AlarmContext>(`alarms/${encodeURIComponent(id)}/context`, { signal }),
  inbox: (view: string, limit: number) => ask<Inbox>(`inbox?view=${view}&limit=${limit}`),
  me: () => ask<Me>("me"),
  act: (path: "verdicts" | "shelvings" | "questions", body: object) => ask<{ act: string; count: number; known: boolean }>(path, { body }),
  service: (site: string, asset: string, body: object) =>
    ask<{ act: string; known: boolean; closed: number }>(`${machinePath(site, asset)}/service`, { body }),
  undoAct: (id: string) => ask<{ count: number }>(`acts/${encodeURIComponent(id)}/undo`, { body: {} }),
  devices: () => ask<{ now_ms?: number; devices: Device[] }>("devices"),
  models: () => ask<{ models: ModelInUse[] }>("models"),
  releases: () => ask<Releases>("releases"),
  rollouts: () => ask<{ now_ms: number; rollouts: Rollout[] }>("rollouts"),
  rollout: (id: string, signal?: AbortSignal) => ask<RolloutDetail>(rolloutPath(id), { signal }),
  trials: (id: string, device: string | null, signal?: AbortSignal) =>
    ask<{ trials: DeviceTrial[] }>(`${rolloutPath(id)}/trials${device === null ? "" : `?device=${encodeURIComponent(device)}`}`, { signal }),
  startRollout: (request: StartRequest) => ask<RolloutDetail>("rollouts", { body: request }),
  steerRollout: (id: string, action: "pause" | "resume" | "approve") => ask<RolloutDetail>(`${rolloutPath(id)}/${action}`, { body: {} }),
  endRollout: (id: string, action: "abort" | "reverse", why: string) => ask<RolloutDetail>(`${rolloutPath(id)}/${action}`, { body: { why } }),
  schedules: () => ask<{ now_ms: number; schedules: Schedule[] }>("schedules"),
  setSchedule: (request: ScheduleRequest) => ask<Schedule>("schedules", { body: request }),
  planSchedule: (name: string) => ask<SchedulePlan>(`schedules/${encodeURIComponent(name)}/plan`),
  steerSchedule: (name: string, action: "pause" | "resume" | "remove") => ask<unknown>(`schedules/${encodeURIComponent(name)}/${action}`, { body: {} }),
  maintenance: () => ask<{ now_ms: number; sites: MaintenanceSite[] }>("maintenance"),
  setMaintenance: (site: string, calendar: MaintenanceCalendar) => ask<unknown>(`maintenance/${encodeURIComponent(site)}`, { body: calendar }),
  /** Turns a token into a session of this browser. */
  session: (token: string) => ask<void>(kSessionPath, { body: { token } }),
  logIn: (name: string, password: string) => ask<void>(kSessionPath, { body: { name, password } }),
};
