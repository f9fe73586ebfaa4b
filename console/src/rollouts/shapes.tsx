// Where a gateway stands in a rollout, and where a rollout stands: each a shape of its own, readable without colour.
import type { ComponentChildren } from "preact";
import type { MemberState, RolloutState } from "../logic/rollout_types.ts";
import { Shape } from "../ui/shapes.tsx";

const kCheck = <path class="line thick" d="m3 8.500 3.500 3.500L13 4.500" />;
const kBack = <path class="line thick" d="M3.200 6h6.300a3.500 3.500 0 0 1 0 7H6.500M6 3.200 3.200 6 6 8.800" />;
const kHalf = (
  <>
    <circle class="line" cx="8" cy="8" r="6" />
    <path class="fill" d="M8 2a6 6 0 0 0 0 12z" />
  </>
);

const kMembers: Record<Exclude<MemberState, "not_heard">, ComponentChildren> = {
  committed: kCheck,
  probation: kHalf,
  shadow: (
    <>
      <path class="line" d="M2 2h8.500v8.500H2z" />
      <path class="line shadow-square" d="M6 6h8v8H6z" />
    </>
  ),
  proving: (
    <>
      <path class="line" d="M2.500 2.500h11v11h-11z" />
      <path class="line" d="m5.200 8.200 2 2 3.600-4" />
    </>
  ),
  fetching: <path class="line thick" d="M8 2v8.200M4.500 7 8 10.500 11.500 7M3 13.700h10" />,
  went_back: kBack,
  refused: <path class="line thick" d="m4 4 8 8M12 4l-8 8" />,
  undone: <path class="line thick" d="M3 3v10M13.500 8H6.200M9 5 6 8l3 3" />,
  queued: <circle class="line" cx="8" cy="8" r="2.800" />,
  waiting: <circle class="fill" cx="8" cy="8" r="1.600" />,
};

export function MemberShape({ state, size = 14 }: { state: MemberState; size?: number }) {
  if (state === "not_heard") return <Shape name="unknown" size={size} />;
  return (
    <svg class={`shape step-${state}`} viewBox="0 0 16 16" width={size} height={size} aria-hidden="true">
      {kMembers[state]}
    </svg>
  );
}

const kRollouts: Partial<Record<RolloutState, ComponentChildren>> = {
  running: kHalf,
  paused: <path class="line thick" d="M5.500 3.500v9M10.500 3.500v9" />,
  done: kCheck,
  reversing: kBack,
  reversed: kBack,
};

export function RolloutShape({ state, size = 14 }: { state: RolloutState; size?: number }) {
  if (state === "halted") return <Shape name="warning" size={size} />;
  if (state === "waiting") return <Shape name="learning" size={size} />;
  if (state === "aborted") return <Shape name="out_of_service" size={size} />;
  return (
    <svg class={`shape rollout-${state}`} viewBox="0 0 16 16" width={size} height={size} aria-hidden="true">
      {kRollouts[state]}
    </svg>
  );
}
