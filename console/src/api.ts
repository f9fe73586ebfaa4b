// The hub's API: one GET, errors as a person can read them.
import type { Alarm, Alarms, Board, Device, MachineDetail, Series, Spectrum } from "./logic/types.ts";

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

async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const timeout = AbortSignal.timeout(kTimeoutMs);
  let response: Response;
  try {
    response = await fetch(`./api/v1/${path}`, {
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      headers: { accept: "application/json" },
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError("The hub does not answer", timeout.aborted ? "timeout" : "no-connection", 0);
  }
  if (!response.ok) throw await problem(response, path);
  return (await response.json()) as T;
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

export const api = {
  board: () => get<Board>("board"),
  machine: (site: string, asset: string, signal?: AbortSignal) => get<MachineDetail>(machinePath(site, asset), signal),
  series: (site: string, asset: string, range: { from: number; to: number }, points: number, signal?: AbortSignal) =>
    get<Series>(
      `${machinePath(site, asset)}/series?from_ms=${Math.round(range.from)}&to_ms=${Math.round(range.to)}&points=${points}`,
      signal,
    ),
  spectrum: (site: string, asset: string, kind: string, signal?: AbortSignal) =>
    get<Spectrum>(`${machinePath(site, asset)}/spectrum?kind=${encodeURIComponent(kind)}`, signal),
  alarms: (state: "open" | "all", cursor?: string) =>
    get<Alarms>(`alarms?state=${state}&limit=200${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`),
  alarm: (id: string, signal?: AbortSignal) => get<Alarm>(`alarms/${encodeURIComponent(id)}`, signal),
  devices: () => get<{ now_ms?: number; devices: Device[] }>("devices"),
};
