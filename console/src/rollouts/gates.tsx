// What a rollout is held against: each gate with its figure now, its limit, and what follows if it does not hold.
import { count, number } from "../logic/format.ts";
import type { Gate } from "../logic/rollout_types.ts";
import { connected } from "../store.ts";
import { Shape } from "../ui/shapes.tsx";
import { MemberShape } from "./shapes.tsx";

const kWords: Record<Gate["result"], string> = { pass: "holds", fail: "does not hold", waiting: "not yet" };

const shown = (value: Gate["now"]): string =>
  value === null ? "–" : typeof value === "string" ? value : Number.isInteger(value) ? count(value) : number(value);

function Result({ result }: { result: Gate["result"] }) {
  if (!connected.value)
    return (
      <span class="state-unknown">
        <Shape name="unknown" /> not current, was: {kWords[result]}
      </span>
    );
  return (
    <>
      {result === "pass" ? <MemberShape state="committed" /> : <Shape name={result === "fail" ? "warning" : "learning"} />} {kWords[result] ?? result}
    </>
  );
}

export function Gates({ gates }: { gates: readonly Gate[] }) {
  return (
    <section class="panel" aria-label="Gates">
      <div class="table-scroll" tabIndex={0} role="region" aria-label="Table of gates">
        <table class="table gates">
          <thead>
            <tr>
              <th scope="col">Gate</th>
              <th scope="col" class="right">
                Now
              </th>
              <th scope="col" class="right">
                Limit
              </th>
              <th scope="col">Result</th>
              <th scope="col">If it fails</th>
            </tr>
          </thead>
          <tbody>
            {gates.map((gate) => (
              <tr key={gate.name} data-gate={gate.result}>
                <th scope="row">{gate.name}</th>
                <td class="right strong">{shown(gate.now)}</td>
                <td class="right">{shown(gate.limit)}</td>
                <td>
                  <Result result={gate.result} />
                </td>
                <td class="quiet">{gate.if_fails}</td>
              </tr>
            ))}
            {gates.length === 0 && (
              <tr>
                <td colSpan={5}>The hub names no gate for this rollout.</td>
              </tr>
            )}
          </tbody>
        </table>
      </div>
    </section>
  );
}
