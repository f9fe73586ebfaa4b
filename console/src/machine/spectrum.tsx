// Waveform, spectrum, envelope: the latest block against the baseline, with the machine's own frequencies marked.
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { api } from "../api.ts";
import { bind } from "../keys.ts";
import { absolute, clockSeconds, day, number, unit } from "../logic/format.ts";
import { family } from "../logic/marks.ts";
import type { Mark, Spectrum } from "../logic/types.ts";
import { At, Empty, Failed, Key, Loading, Segmented, type Choice } from "../ui/parts.tsx";
import { MarkIcon } from "./mark_shape.tsx";
import { SpectrumPlot } from "./spectrum_plot.tsx";

type Kind = "waveform" | "velocity" | "envelope";
const kKinds: readonly Choice<Kind>[] = [
  { value: "waveform", label: "Waveform" },
  { value: "velocity", label: "Spectrum" },
  { value: "envelope", label: "Envelope" },
];
const kEveryMs = 10_000;

export function SpectrumPanel({ site, asset, fault, live }: { site: string; asset: string; fault: string | null; live: boolean }) {
  const [kind, setKind] = useState<Kind>("envelope");
  const [got, setGot] = useState<{ kind: Kind; data: Spectrum } | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [marksOn, setMarksOn] = useState(true);
  const [baseline, setBaseline] = useState(true);
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    const stop = new AbortController();
    const load = () =>
      api.spectrum(site, asset, kind, stop.signal).then(
        (data) => {
          setGot({ kind, data });
          setError(null);
        },
        (failed: Error) => !stop.signal.aborted && setError(failed),
      );
    void load();
    const timer = live ? setInterval(() => void load(), kEveryMs) : undefined;
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [site, asset, kind, live, attempt]);

  useLayoutEffect(
    () =>
      bind([
        { keys: "h", label: "Harmonic marks", group: "Plots", run: () => setMarksOn((on) => !on) },
        { keys: "b", label: "Baseline", group: "Plots", run: () => setBaseline((on) => !on) },
      ]),
    [],
  );

  const now = got?.data.now;
  const missing = error !== null && "status" in error && error.status === 404;
  return (
    <section class="panel spectrum" aria-label="Spectrum">
      <header class="spectrum-head">
        <Segmented label="Kind of spectrum" choices={kKinds} value={kind} pick={setKind} />
        {now && (
          <span>
            <At ms={now.ts_ms}>
              {day(now.ts_ms)} {clockSeconds(now.ts_ms)}
            </At>
            {now.unit && `, ${unit(now.unit)}`}
            {now.speed_hz ? `, shaft ${number(now.speed_hz)} Hz` : ""}
          </span>
        )}
        <span class="plot-legend">
          <span class="legend legend-now">now</span>
          {got?.data.baseline && kind !== "waveform" && (
            <span class="legend legend-baseline" title={absolute(got.data.baseline.ts_ms)}>
              baseline, {day(got.data.baseline.ts_ms)}
            </span>
          )}
        </span>
      </header>
      {error && !missing && !got && (
        <Failed what="The spectrum could not be read" error={error} works="The signals above still work." retry={() => setAttempt(attempt + 1)} />
      )}
      {!got && !error && <Loading what="the spectrum" />}
      {(missing || (got && !now)) && (
        <Empty title="No spectrum yet">The gateway sends one with each alarm and every few minutes while the machine runs.</Empty>
      )}
      {got && now && !missing && (
        <div class={`spectrum-body ${kind === "waveform" ? "wide" : ""}`}>
          <SpectrumPlot
            data={got.data}
            kind={got.kind}
            fault={fault}
            marksOn={marksOn}
            baseline={baseline}
            label={`${kKinds.find((one) => one.value === got.kind)?.label} of the latest block`}
          />
          {got.kind !== "waveform" && (
            <div class="spectrum-side">
              <MarkTable marks={got.data.marks ?? []} fault={fault} />
              <p class="spectrum-keys">
                <button class="button" aria-pressed={marksOn} onClick={() => setMarksOn(!marksOn)}>
                  Harmonics <Key>h</Key>
                </button>
                <button class="button" aria-pressed={baseline} onClick={() => setBaseline(!baseline)}>
                  Baseline <Key>b</Key>
                </button>
              </p>
            </div>
          )}
        </div>
      )}
    </section>
  );
}

export function MarkTable({ marks, fault }: { marks: readonly Mark[]; fault: string | null }) {
  const main = family(marks, fault);
  if (marks.length === 0) return <p class="quiet-text">No bearing data are configured for this machine, so no line is named.</p>;
  return (
    <table class="marks">
      <thead>
        <tr>
          <th scope="col">
            <span class="unseen">Shape</span>
          </th>
          <th scope="col">Mark</th>
          <th scope="col">Expected</th>
          <th scope="col">Found</th>
          <th scope="col">Baseline</th>
        </tr>
      </thead>
      <tbody>
        {marks.map((mark) => (
          <tr key={mark.name} class={mark === main ? "main" : ""}>
            <td>
              <MarkIcon name={mark.name} main={mark === main} />
            </td>
            <th scope="row">{mark.name}</th>
            <td>{mark.expected_hz ? `${mark.expected_hz.toFixed(1)} Hz` : "–"}</td>
            <td>{mark.found_hz ? `${mark.found_hz.toFixed(1)} Hz` : "none"}</td>
            <td>{mark.times_baseline ? `${mark.times_baseline.toFixed(1)}×` : "–"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
