// How a rollout proceeds, between a form's fields and what the hub takes. The hub checks it again, and has the last word.
import { count, plural, share, span } from "./format.ts";
import type { Policy } from "./rollout_types.ts";

/** The fields of the form, as somebody typed them. */
export interface PolicyFields {
  waves: string; // "1, 10, 50, 100"
  success: string; // per cent
  failures: string; // gateways
  failure: string; // per cent
  minutes: string;
  approval: boolean;
}

export const kPolicyFields: PolicyFields = { waves: "1, 10, 50, 100", success: "90", failures: "1", failure: "5", minutes: "10", approval: true };
export type FieldName = Exclude<keyof PolicyFields, "approval">;
export type Read = { policy: Policy } | { field: FieldName; fault: string };

const kWavesMax = 20;
const kMinutesMax = 90 * 24 * 60;

function within(text: string, low: number, high: number): number | null {
  const value = Number(text.trim().replace(",", "."));
  return text.trim() !== "" && value >= low && value <= high ? value : null;
}

/** Names the first field that cannot be meant. */
export function readFields(fields: PolicyFields): Read {
  const waves = fields.waves.split(/[,;%\s]+/).filter(Boolean).map(Number);
  if (waves.length === 0 || waves.length > kWavesMax || waves.some((one) => !(one > 0 && one <= 100)))
    return { field: "waves", fault: "Waves are 1 to 20 shares in per cent, such as 1, 10, 50, 100" };
  if (waves.some((one, at) => at > 0 && one <= (waves[at - 1] ?? 0))) return { field: "waves", fault: "Each wave must reach further than the one before" };
  if (waves.at(-1) !== 100) return { field: "waves", fault: "The last wave must be 100: all gateways" };
  const success = within(fields.success, 0, 100);
  if (success === null) return { field: "success", fault: "Committed must be 0 to 100 per cent" };
  const failures = within(fields.failures, 1, 1_000_000);
  if (failures === null || !Number.isInteger(failures)) return { field: "failures", fault: "Gateways that went back must be a whole number from 1 on" };
  const failure = within(fields.failure, 0, 100);
  if (failure === null) return { field: "failure", fault: "The share that went back must be 0 to 100 per cent" };
  const minutes = within(fields.minutes, 0, kMinutesMax);
  if (minutes === null) return { field: "minutes", fault: "A wave lasts 0 to 129,600 minutes at least" };
  return {
    policy: {
      waves: waves.map((one) => one / 100),
      success_share: success / 100,
      failure_share: failure / 100,
      failures_min: failures,
      wave_min_s: minutes * 60,
      approval: fields.approval,
    },
  };
}

/** A share keeps the digits that it has: 0.5 %, 12 %. */
const exact = (part: number): string => (Number.isInteger(Math.round(1e6 * part) / 1e4) ? share(part) : `${Number((100 * part).toPrecision(3))} %`);

/** A policy as sentences: what, and the rule. */
export function policyWords(policy: Policy): [string, string][] {
  const trial = [
    ...(policy.windows_min ? [`${count(policy.windows_min)} windows`] : []),
    ...(policy.time_min_s !== undefined && policy.time_min_s > 0 ? [span(1000 * policy.time_min_s)] : []),
  ];
  return [
    ["Waves", policy.waves.map((one) => (one >= 1 ? "all" : exact(one))).join(", ")],
    ["Goes on", `when ${exact(policy.success_share)} committed${policy.wave_min_s > 0 ? `, after ${span(1000 * policy.wave_min_s)} at least` : ""}`],
    ["Halts", `above ${exact(policy.failure_share)} that went back, from ${plural(policy.failures_min, "gateway")} on`],
    ["Approval", policy.approval ? "by a person, before the last wave" : "none needed"],
    ["Trial", trial.length > 0 ? `${trial.join(" and ")} at least, in shadow and in probation` : "as long as each gateway asks for"],
  ];
}
