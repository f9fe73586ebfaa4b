// Two models side by side: figures of their own reports, size, where they come from.
import { useState } from "preact/hooks";
import { ancestors, companion, compare, sameData } from "../logic/compare.ts";
import type { Release } from "../logic/rollout_types.ts";
import { releaseHref } from "../logic/route.ts";

const title = (release: Release) => `${release.name} ${release.version}`;
const kChanges = { better: "better", worse: "worse", same: "the same", "": "" };

export function ComparePanel({ release, releases }: { release: Release; releases: readonly Release[] }) {
  const [target, setTarget] = useState<string | null>(null);
  const others = releases.filter((one) => one.kind === "model" && one.target !== release.target);
  const other = others.find((one) => one.target === target) ?? companion(release, releases);
  if (!other) return null;
  return (
    <section class="panel compare" aria-label="Compare two models">
      <h2 class="panel-head">
        Compared with{" "}
        <select class="field" aria-label="Compare with" value={other.target} onChange={(event) => setTarget(event.currentTarget.value)}>
          {others.map((one) => (
            <option key={one.target} value={one.target}>
              {title(one)} ({one.line}, release {one.release})
            </option>
          ))}
        </select>
      </h2>
      <p class="compare-note quiet-text">
        {sameData(other, release)
          ? "Both reports speak of the same data."
          : "The two were judged on different data: their figures stand side by side and do not decide. The evidence of a rollout does."}
      </p>
      <div class="table-scroll" tabIndex={0} role="region" aria-label="Table of the comparison">
        <table class="table">
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">{title(other)}</th>
              <th scope="col">{title(release)}</th>
              <th scope="col">Change</th>
            </tr>
          </thead>
          <tbody>
            {compare(other, release).map((row) => (
              <tr key={row.what} data-figure={row.what}>
                <th scope="row">{row.what}</th>
                <td>{row.before}</td>
                <td>{row.after}</td>
                <td>{sameData(other, release) || row.what === "Model file" ? kChanges[row.change] : ""}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** From which models it was made. */
export function Ancestry({ release, releases }: { release: Release; releases: readonly Release[] }) {
  const chain = ancestors(release, releases);
  return (
    <section class="panel side" aria-label="Lineage">
      <h2>Made from</h2>
      {chain.length === 0 && <p class="quiet-text">No model before it is told.</p>}
      <ol class="lineage">
        {chain.map((one) =>
          typeof one === "string" ? (
            <li key={one}>
              <code title={one}>{one.slice(0, 12)}</code> <span class="quiet-text">not offered here</span>
            </li>
          ) : (
            <li key={one.digest}>
              <a href={releaseHref(one.target)}>{title(one)}</a> <span class="quiet-text">release {one.release}</span>
            </li>
          ),
        )}
      </ol>
      <dl class="facts">
        <dt>Data</dt>
        <dd>
          <code title={release.lineage.data_hash}>{release.lineage.data_hash.slice(0, 12) || "not told"}</code>
        </dd>
        <dt>Code</dt>
        <dd>{`${release.lineage.trainer} ${release.lineage.code_version}`.trim() || "not told"}</dd>
      </dl>
    </section>
  );
}
