// Small parts that several screens use: badge, time, key hint, sparkline, and the four states of a panel without data.
import { useEffect, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { ApiError } from "../api.ts";
import { retryNow } from "../live.ts";
import { absolute, age, ageWhole } from "../logic/format.ts";
import { kWords } from "../logic/shown.ts";
import { line, type Spark } from "../logic/spark.ts";
import type { Shown } from "../logic/types.ts";
import { nowMs } from "../store.ts";
import { Shape } from "./shapes.tsx";

export function Badge({ shown, children }: { shown: Shown; children?: ComponentChildren }) {
  return (
    <span class={`badge badge-${shown}`}>
      <Shape name={shown} />
      {children ?? kWords[shown]}
    </span>
  );
}

/** "6 h ago" that grows; the absolute time with its zone on hover. */
export function Ago({ ms, suffix = " ago", whole = true }: { ms: number; suffix?: string; whole?: boolean }) {
  const span = nowMs.value - ms;
  return (
    <time dateTime={new Date(ms).toISOString()} title={absolute(ms)}>
      {(whole ? ageWhole : age)(span)}
      {suffix}
    </time>
  );
}

export function At({ ms, children }: { ms: number; children: ComponentChildren }) {
  return (
    <time dateTime={new Date(ms).toISOString()} title={absolute(ms)}>
      {children}
    </time>
  );
}

export const Key = ({ children }: { children: ComponentChildren }) => <kbd class="key">{children}</kbd>;

/** The score of the last day; `limit` is drawn dotted. The line stops where the data stop. */
export function Sparkline({ values, limit, label }: { values: Spark; limit?: number | null; label?: string }) {
  const { path, end } = line(values);
  const named = label ? { role: "img" as const, "aria-label": label } : { "aria-hidden": true as const };
  return (
    <span class="spark" {...named}>
      <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
        {limit != null && <path class="spark-limit" d={`M0 ${100 - 100 * limit}H100`} />}
        <path class="spark-line" d={path} />
      </svg>
      {end && <i class="spark-end" style={{ left: `${end.x}%`, top: `${end.y}%` }} />}
    </span>
  );
}

/** Grey outlines, but only where the wait is long enough to be noticed. */
export function Loading({ what }: { what: string }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 300);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class="loading" role="status" aria-label={`Loading ${what}`}>
      {late && [0, 1, 2].map((n) => <i key={n} class="outline" />)}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <strong>{title}</strong>
      {children && <p>{children}</p>}
    </div>
  );
}

/** What failed, what still works, and how to go on. */
export function Failed({ what, error, works, retry }: { what: string; error: Error; works: string; retry?: () => void }) {
  const code = error instanceof ApiError ? error.code : error.name;
  return (
    <div class="failed" role="alert">
      <strong>{what}</strong>
      <p>
        {error.message}. {works}
      </p>
      <p class="failed-actions">
        <button class="button" onClick={retry ?? retryNow}>
          Retry
        </button>
        <button class="button quiet" onClick={() => void navigator.clipboard?.writeText(`${what}: ${error.message} (${code})`)}>
          Copy code <code>{code}</code>
        </button>
      </p>
    </div>
  );
}

export interface Choice<T extends string> {
  value: T;
  label: string;
  title?: string;
}

export function Segmented<T extends string>(props: {
  label: string;
  choices: readonly Choice<T>[];
  value: T | null;
  pick: (value: T) => void;
}) {
  return (
    <div class="segmented" role="group" aria-label={props.label}>
      {props.choices.map(({ value, label, title }) => (
        <button key={value} aria-pressed={value === props.value} title={title} onClick={() => props.pick(value)}>
          {label}
        </button>
      ))}
    </div>
  );
}
