// The right column: which model decides where, what this one is, by which rules it goes on, what came before it.
import { absolute, bytes, count, plural } from "../logic/format.ts";
import { policyWords } from "../logic/policy.ts";
import { cohortWords } from "../logic/rollout.ts";
import type { Member, Release, RolloutDetail } from "../logic/rollout_types.ts";
import { releaseHref } from "../logic/route.ts";
import { connected, devices } from "../store.ts";

const kShortHash = 8;

/** By digest; what is neither offered nor rolled out here has its hash only. */
export function namer(known: readonly { digest: string; name: string; version: string }[]): (digest: string) => string {
  const names = new Map(known.map((one) => [one.digest, `${one.name} ${one.version}`]));
  return (digest) => names.get(digest) ?? digest.slice(0, kShortHash);
}

/** With which model a gateway decides: as it said in this rollout, otherwise as its health reports say. */
export function serverNamer(releases: readonly Release[], nameOf: (digest: string) => string): (member: Member) => string | null {
  const byModel = new Map(releases.map((one) => [one.model_hash, `${one.name} ${one.version}`]));
  return (member) => {
    if (member.serving) return nameOf(member.serving);
    const device = devices.value?.get(member.device);
    if (!device?.model_hash) return null;
    return byModel.get(device.model_hash) ?? `${device.model_name ?? ""} ${device.model_hash.slice(0, kShortHash)}`.trim();
  };
}

export function Serving({ members, servedBy }: { members: readonly Member[]; servedBy: (member: Member) => string | null }) {
  const counts = new Map<string | null, number>();
  for (const member of members) {
    const name = servedBy(member);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const rows = [...counts].sort((a, b) => Number(a[0] === null) - Number(b[0] === null) || b[1] - a[1]);
  const unheard = members.filter((one) => !one.online).length;
  return (
    <section class="panel side" aria-label="Which model decides">
      <h2>{connected.value ? "Which model decides now" : "Which model decided, as last told"}</h2>
      <dl class="serving">
        {rows.map(([name, number]) => (
          <div key={name ?? ""}>
            <dt title={name ?? undefined}>{name ?? "Not told yet"}</dt>
            <dd>
              <i style={{ width: `${(100 * number) / members.length}%` }} />
            </dd>
            <dd>
              {count(number)} of {count(members.length)}
            </dd>
          </div>
        ))}
      </dl>
      {connected.value && unheard > 0 && (
        <p class="state-unknown">
          {plural(unheard, "gateway")} not heard now: counted as last told.
        </p>
      )}
    </section>
  );
}

export function ReleaseFacts({ release, digest }: { release: Release | undefined; digest: string }) {
  return (
    <>
      <dt>Digest</dt>
      <dd>
        <code title={digest}>{digest.slice(0, 16)}</code>
      </dd>
      {release && (
        <>
          <dt>Kind</dt>
          <dd>{release.kind === "config" ? "Configuration of gateways" : "Model"}</dd>
          <dt>Pack</dt>
          <dd>{bytes(release.pack_bytes)}, signed</dd>
        </>
      )}
    </>
  );
}

export function Origin({ detail, release }: { detail: RolloutDetail; release: Release | undefined }) {
  return (
    <section class="panel side" aria-label="This release">
      <h2>
        What {detail.name} {detail.version} is
      </h2>
      <dl class="facts">
        <dt>Line</dt>
        <dd>
          {detail.line}, release {detail.release}
        </dd>
        <ReleaseFacts release={release} digest={detail.digest} />
        <dt>Target</dt>
        <dd>{detail.target}</dd>
        <dt>For</dt>
        <dd>{cohortWords(detail.cohort)}</dd>
        <dt>Asked by</dt>
        <dd>{detail.created_by || "not told"}</dd>
        <dt>Started</dt>
        <dd>{absolute(detail.created_ms)}</dd>
        {detail.approved_by && <dt>Approved</dt>}
        {detail.approved_by && <dd>by {detail.approved_by}</dd>}
        {detail.ended_ms !== null && <dt>Ended</dt>}
        {detail.ended_ms !== null && <dd>{absolute(detail.ended_ms)}</dd>}
        <dt>Rollout</dt>
        <dd>
          <code>{detail.id}</code>
        </dd>
      </dl>
    </section>
  );
}

export function Rules({ detail }: { detail: RolloutDetail }) {
  return (
    <section class="panel side" aria-label="Rules">
      <h2>By which rules it goes on</h2>
      <dl class="facts">
        {policyWords(detail.policy).map(([what, rule]) => [<dt key={what}>{what}</dt>, <dd key={`${what} rule`}>{rule}</dd>])}
      </dl>
    </section>
  );
}

/** The releases of the same line, newest first, and which of them was taken where. */
export function Lineage({ line, releases, digest }: { line: string; releases: readonly Release[]; digest: string }) {
  const own = releases.filter((one) => one.line === line).sort((a, b) => b.release - a.release);
  if (own.length === 0) return null;
  return (
    <section class="panel side" aria-label="Releases of this line">
      <h2>
        {plural(own.length, "release")} of {line}
      </h2>
      <ol class="lineage">
        {own.map((one) => (
          <li key={one.target} aria-current={one.digest === digest ? "true" : undefined}>
            <a href={releaseHref(one.target)}>
              {one.name} {one.version}
            </a>
            <span>
              release {one.release}
              {one.digest === digest && ", this one"}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
