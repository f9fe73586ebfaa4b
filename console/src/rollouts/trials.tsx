// The evidence against the new model, as each gateway's own test has it, and the limit at which the gateway goes back.
import { useEffect, useState } from "preact/hooks";
import { api } from "../api.ts";
import { count } from "../logic/format.ts";
import type { DeviceTrial, TrialPoint } from "../logic/rollout_types.ts";
import { changeWords, eValue, trialPicture } from "../logic/trial.ts";
import { rolloutRevision } from "../store.ts";
import { HeldBar, useHeld } from "../ui/held.tsx";

const kWidth = 600;
const kHeight = 120;
const kRows = 5;
const kSpacingMs = 5_000; // gateways tell about as often

/** Read again with news of a rollout, not more often than gateways tell. */
function useTrials(id: string, device: string | null, over: boolean): DeviceTrial[] {
  const [trials, setTrials] = useState<DeviceTrial[]>([]);
  const turn = over ? 0 : Math.floor(rolloutRevision.value);
  useEffect(() => {
    const stop = new AbortController();
    const load = () => {
      api.trials(id, device, stop.signal).then(
        (got) => !stop.signal.aborted && setTrials(got.trials),
        () => undefined, // the table of gateways says what is wrong
      );
    };
    const timer = setTimeout(load, trials.length === 0 ? 0 : kSpacingMs);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [id, device, turn]);
  return trials;
}

function Row({ device, last }: { device: string; last: TrialPoint }) {
  return (
    <tr>
      <th scope="row">{device}</th>
      <td>{last.phase === "shadow" ? "In shadow" : "On probation"}</td>
      <td class="right">{count(last.windows)}</td>
      <td class="right">{changeWords(last.confidence_change)}</td>
      <td class="right">{eValue(last.log10_e)}</td>
      <td class="right">{eValue(last.log10_limit)}</td>
    </tr>
  );
}

export function Trials({ id, device, over }: { id: string; device: string | null; over: boolean }) {
  const trials = useTrials(id, device, over);
  const picture = trialPicture(trials, kWidth, kHeight);
  const last = new Map(trials.flatMap(({ device: name, points }) => (points.length > 0 ? [[name, points[points.length - 1]!] as const] : [])));
  const nearest = [...last].sort(([a, one], [b, other]) => other.log10_e - other.log10_limit - (one.log10_e - one.log10_limit) || (a < b ? -1 : 1));
  const held = useHeld(nearest.slice(0, kRows).map(([name]) => name), `${id} ${device}`);
  if (!picture) return null;
  return (
    <section class="panel trials" aria-label="Evidence against the new model" {...held.on}>
      <h2 class="panel-head">Evidence against the new model</h2>
      {held.waiting > 0 && <HeldBar holder={held} order="Nearest to their limit first" />}
      <figure>
        <div class="trials-box">
          <svg viewBox={`0 0 ${kWidth} ${kHeight}`} preserveAspectRatio="none" role="img" aria-label={`Evidence of ${last.size} trials over ${count(picture.windows)} windows, and the limit`}>
            <line class="trials-one" x1="0" x2={kWidth} y1={picture.oneY} y2={picture.oneY} />
            <line class="trials-limit" x1="0" x2={kWidth} y1={picture.limitY} y2={picture.limitY} />
            {picture.curves.map((curve) => (
              <polyline key={`${curve.device} ${curve.phase}`} class={`trials-${curve.phase}`} points={curve.points} data-device={curve.device} />
            ))}
          </svg>
          <span class="trials-word" style={{ top: `${(100 * picture.limitY) / kHeight}%` }}>
            limit: goes back
          </span>
          <span class="trials-word trials-above" style={{ top: `${(100 * picture.oneY) / kHeight}%` }}>
            1: no evidence
          </span>
        </div>
        <figcaption>
          E-value over {count(picture.windows)} windows that both models saw: dashed in shadow, solid on probation. It says how much better "worse than the
          old one" explains them than chance.
        </figcaption>
      </figure>
      <div class="table-scroll" tabIndex={0} role="region" aria-label="Table of trials">
        <table class="table trials-table">
          <thead>
            <tr>
              <th scope="col">Gateway</th>
              <th scope="col">Last told</th>
              <th scope="col" class="right">
                Windows
              </th>
              <th scope="col" class="right">
                Confidence
              </th>
              <th scope="col" class="right">
                E-value
              </th>
              <th scope="col" class="right">
                Limit
              </th>
            </tr>
          </thead>
          <tbody>
            {held.ids.flatMap((name) => {
              const told = last.get(name);
              return told ? [<Row key={name} device={name} last={told} />] : [];
            })}
          </tbody>
        </table>
      </div>
      {last.size > kRows && <footer class="table-foot">The {kRows} nearest to their limit, of {last.size} that told last; choose a gateway above to see its own.</footer>}
    </section>
  );
}
