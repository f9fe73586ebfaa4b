// Reads what a screen shows and keeps it current: one rollout, the releases, the models in use.
import { effect } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { api } from "../api.ts";
import { isOver } from "../logic/rollout.ts";
import type { MaintenanceSite, ModelInUse, Releases, RolloutDetail, Schedule } from "../logic/rollout_types.ts";
import { connected, noteRollout, rolloutRevision } from "../store.ts";

const kPollMs = 5_000;
const kSpacingMs = 1_000;
const kSpacingManyMs = 5_000; // thousands of gateways are megabytes
const kMany = 1_000;

export interface Reading<T> {
  value: T | null;
  error: Error | null;
  again: () => void;
  put: (value: T) => void;
}

/** Read again with every news of a rollout, at most once a second, and now and then where no stream tells of any. */
export function useRollout(id: string | null): Reading<RolloutDetail> {
  const [value, setValue] = useState<RolloutDetail | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    setError(null);
    if (id === null) return setValue(null);
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let reading = false;
    let news = false;
    let readAt = 0;
    let spacing = kSpacingMs;
    const load = async () => {
      clearTimeout(timer);
      reading = true;
      news = false;
      readAt = Date.now();
      let next: number | null = kPollMs;
      try {
        const got = await api.rollout(id, stop.signal);
        if (stop.signal.aborted) return;
        spacing = got.members.length > kMany ? kSpacingManyMs : kSpacingMs;
        if (isOver(got.state)) next = null;
        setValue(got);
        noteRollout(got);
        setError(null);
      } catch (failed) {
        if (stop.signal.aborted) return;
        setError(failed as Error);
      }
      reading = false;
      if (news) soon();
      else if (next !== null) timer = setTimeout(() => void load(), next);
    };
    const soon = () => {
      news = true;
      if (reading) return;
      clearTimeout(timer);
      timer = setTimeout(() => void load(), Math.max(0, readAt + spacing - Date.now()));
    };
    const forget = effect(() => {
      rolloutRevision.value;
      connected.value;
      soon();
    });
    return () => {
      forget();
      stop.abort();
      clearTimeout(timer);
    };
  }, [id, attempt]);
  return { value: value?.id === id ? value : null, error, again: () => setAttempt(attempt + 1), put: setValue };
}

/** Read when the screen opens, after each reconnection, and with every news of a rollout's end. */
function useOnce<T>(read: () => Promise<T>, news: unknown): Reading<T> {
  const [value, setValue] = useState<T | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let here = true;
    read().then(
      (got) => {
        if (!here) return;
        setValue(got);
        setError(null);
      },
      (failed: Error) => here && setError(failed),
    );
    return () => {
      here = false;
    };
  }, [attempt, connected.value, news]);
  return { value, error, again: () => setAttempt(attempt + 1), put: setValue };
}

export const useReleases = (): Reading<Releases> => useOnce(api.releases, null);
export function useModels(news: unknown): Reading<ModelInUse[]> {
  return useOnce(() => api.models().then((answer) => answer.models), news);
}
export const useSchedules = (): Reading<Schedule[]> => useOnce(() => api.schedules().then((answer) => answer.schedules), rolloutRevision.value);
export const useMaintenance = (): Reading<MaintenanceSite[]> => useOnce(() => api.maintenance().then((answer) => answer.sites), null);
