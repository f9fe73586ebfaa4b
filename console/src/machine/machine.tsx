// One machine: what is wrong, how sure, how fast, what now?
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { api, ApiError } from "../api.ts";
import { bind } from "../keys.ts";
import { clock, number } from "../logic/format.ts";
import { stateWords } from "../logic/select.ts";
import { kWords } from "../logic/shown.ts";
import type { Machine, MachineDetail, Series } from "../logic/types.ts";
import { alarms, connected, heardMs, hubNow, machineKey, machines, nowMs, viewOf } from "../store.ts";
import { Ago, At, Badge, Empty, Failed, Loading, Segmented, type Choice } from "../ui/parts.tsx";
import { RangeForm } from "./range_form.tsx";
import { ServiceForm } from "./service_form.tsx";
import { FaultPanel, History, Moved, Trust } from "./side.tsx";
import { Signals } from "./signals.tsx";
import { SpectrumPanel } from "./spectrum.tsx";

type RangeName = "10m" | "1h" | "24h" | "7d" | "14d" | "90d";
type RangeChoice = RangeName | "any";
const kMinute = 60_000;
const kSpans: Record<RangeName, number> = {
  "10m": 10 * kMinute,
  "1h": 60 * kMinute,
  "24h": 1440 * kMinute,
  "7d": 7 * 1440 * kMinute,
  "14d": 14 * 1440 * kMinute,
  "90d": 90 * 1440 * kMinute,
};
const kRanges: readonly Choice<RangeChoice>[] = [
  { value: "10m", label: "10 min" },
  { value: "1h", label: "1 h" },
  { value: "24h", label: "24 h" },
  { value: "7d", label: "7 d" },
  { value: "14d", label: "14 d" },
  { value: "90d", label: "90 d" },
  { value: "any", label: "Range", title: "From one time to another" },
];
const kLive: readonly Choice<"live" | "paused">[] = [
  { value: "live", label: "Live", title: "Follow the newest data" },
  { value: "paused", label: "Paused", title: "Hold this range" },
];
const kPoints = 600;

interface Window {
  from: number;
  to: number;
}

/** Reads again while `everyMs` is set; keeps what it has when a reading fails. */
function useReading<T>(read: (signal: AbortSignal) => Promise<T>, deps: unknown[], everyMs: number | null) {
  const [value, setValue] = useState<T | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = async () => {
      try {
        const got = await read(stop.signal);
        setValue(got);
        setError(null);
      } catch (failed) {
        if (stop.signal.aborted) return;
        setError(failed as Error);
      }
      // Only then the next: a slow hub is not asked twice at once.
      if (everyMs !== null && !stop.signal.aborted) timer = setTimeout(() => void load(), everyMs);
    };
    void load();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [...deps, everyMs, attempt]);
  return { value, error, retry: () => setAttempt(attempt + 1) };
}

export function MachinePage({ site, asset }: { site: string; asset: string }) {
  const [name, setName] = useState<RangeName | null>("1h");
  const [fixed, setFixed] = useState<Window | null>(null); // set: paused there
  const [choosing, setChoosing] = useState(false);
  const [serving, setServing] = useState(false);
  const everyMs = fixed || !connected.value ? null : Math.max(2_000, kSpans[name ?? "1h"] / kPoints);
  const detail = useReading((signal) => api.machine(site, asset, signal), [site, asset, connected.value], connected.value ? 5_000 : null);
  const series = useReading(
    async (signal) => {
      const to = hubNow();
      const asked = fixed ?? { from: to - kSpans[name ?? "1h"], to };
      return { asked, data: await api.series(site, asset, asked, kPoints, signal) };
    },
    [site, asset, name, fixed?.from, fixed?.to],
    everyMs,
  );
  const shownRange = fixed ?? series.value?.asked ?? null;

  const pause = () => {
    if (!fixed && series.value) setFixed(series.value.asked);
  };
  const live = () => {
    setFixed(null);
    if (name === null) setName("1h");
  };
  const move = (from: number, to: number) => {
    setName(null);
    setFixed({ from, to });
  };
  const pick = (choice: RangeChoice) => {
    setChoosing(choice === "any" && !choosing);
    if (choice === "any") return;
    setName(choice);
    setFixed(null);
  };
  const reshape = (grow: number, shift: number) => () => {
    if (!shownRange) return;
    const width = shownRange.to - shownRange.from;
    const middle = (shownRange.from + shownRange.to) / 2 + shift * width;
    move(middle - (grow * width) / 2, Math.min(middle + (grow * width) / 2, nowMs.peek()));
  };
  useLayoutEffect(
    () =>
      bind([
        { keys: "l", label: "Live", group: "Plots", run: live },
        { keys: "+", label: "Zoom in", group: "Plots", run: reshape(0.5, 0) },
        { keys: "-", label: "Zoom out", group: "Plots", run: reshape(2, 0) },
        { keys: "[", label: "Earlier", group: "Plots", run: reshape(1, -0.25) },
        { keys: "]", label: "Later", group: "Plots", run: reshape(1, 0.25) },
        { keys: "Escape", label: "Back to the board", group: "Machine", run: () => (location.hash = "#/") },
      ]),
    [shownRange?.from, shownRange?.to],
  );

  const tile = machines.get(machineKey(site, asset))?.value;
  const now = tile ?? detail.value;
  if (!now) {
    if (detail.error instanceof ApiError && detail.error.status === 404)
      return (
        <Empty title={`No machine ${asset} at ${site}`}>
          It may have been renamed. <a href="#/">Go to the board</a>
        </Empty>
      );
    if (detail.error) return <Failed what={`${asset} could not be read`} error={detail.error} works="The board still works." retry={detail.retry} />;
    return <Loading what={asset} />;
  }
  const whole: MachineDetail = { ...(detail.value ?? {}), ...now };
  const alarm = [...alarms.value.values()].find((one) => one.state === "open" && one.site === site && one.asset === asset) ?? null;
  const full = detail.value?.alarm && detail.value.alarm.id === alarm?.id ? { ...detail.value.alarm, ...dropNull(alarm) } : alarm;
  const stale = viewOf(now).shown === "unknown";
  return (
    <>
      <header class="machine-head">
        <StateHead machine={now} detail={whole} />
        <span class="machine-controls">
          <Segmented label="Time range" choices={kRanges} value={choosing ? "any" : name} pick={pick} />
          <Segmented label="Live or paused" choices={kLive} value={fixed ? "paused" : "live"} pick={(picked) => (picked === "live" ? live() : pause())} />
          <button class="button" type="button" aria-expanded={serving} title="It was repaired or replaced" onClick={() => setServing(!serving)}>
            Repaired
          </button>
        </span>
        {serving && <ServiceForm site={site} asset={asset} now={hubNow()} close={() => setServing(false)} />}
        {choosing && shownRange && (
          <RangeForm
            from={shownRange.from}
            to={shownRange.to}
            show={(from, to) => {
              setChoosing(false);
              move(from, to);
            }}
            close={() => setChoosing(false)}
          />
        )}
      </header>
      <div class={`machine ${stale ? "is-stale" : ""}`}>
        <div class="machine-main">
          <section class="panel" aria-label="Score and signals">
            {series.error && !series.value && (
              <Failed what="The signals could not be read" error={series.error} works="State and history still work." retry={series.retry} />
            )}
            {!series.value && !series.error && <Loading what="the signals" />}
            {series.value && shownRange && <Signals detail={whole} data={series.value.data} range={shownRange} onZoom={move} onPin={pause} />}
          </section>
          <SpectrumPanel site={site} asset={asset} fault={alarm?.fault ?? null} live={!fixed && connected.value} />
        </div>
        <Side detail={whole} alarm={full} stale={stale} data={series.value?.data ?? null} />
      </div>
    </>
  );
}

function Side({ detail, alarm, stale, data }: { detail: MachineDetail; alarm: MachineDetail["alarm"]; stale: boolean; data: Series | null }) {
  return (
    <div class="machine-side">
      <FaultPanel alarm={alarm ?? null} stale={stale} />
      <Moved alarm={alarm ?? null} />
      <Trust detail={detail} alarm={alarm ?? null} data={data} />
      <History list={detail.history ?? []} />
    </div>
  );
}

const dropNull = <T extends object>(from: T | null): Partial<T> =>
  Object.fromEntries(Object.entries(from ?? {}).filter(([, value]) => value !== null)) as Partial<T>;

function StateHead({ machine, detail }: { machine: Machine; detail: MachineDetail }) {
  const view = viewOf(machine);
  const since = connected.value ? machine.last_data_ms : (heardMs.value ?? machine.last_data_ms);
  return (
    <>
      <Badge shown={view.shown} />
      <h2 class="machine-title">
        {machine.asset} {machine.name}
      </h2>
      <p class="machine-state">
        {view.stale || view.shown === "unknown" ? (
          <>
            {view.was && `Was ${stateWords(machine, view.was).toLowerCase()}. `}
            {since === null ? "Never heard" : <>Not current since <At ms={since}>{clock(since)}</At> (<Ago ms={since} />)</>}
          </>
        ) : (
          running(machine, detail, kWords[view.shown])
        )}
      </p>
    </>
  );
}

function running(machine: Machine, detail: MachineDetail, word: string): string {
  if (machine.state !== "running") return stateWords(machine, machine.state === "learning" ? "learning" : viewOf(machine).shown);
  const speed = detail.speed_hz ? `, ${number(60 * detail.speed_hz)} rpm` : "";
  const steady = detail.steady === true ? " steady" : detail.steady === false ? ", speed not steady" : "";
  return `Running${speed}${steady}` || word;
}
