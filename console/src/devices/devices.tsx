// Which gateways are unwell? One row each, in a fixed order.
import { useEffect, useState } from "preact/hooks";
import { ageWhole, bytes, count, number, span } from "../logic/format.ts";
import { loadDevices } from "../live.ts";
import type { Device } from "../logic/types.ts";
import { connected, devices, nowMs, plants } from "../store.ts";
import { At, Empty, Failed, Loading } from "../ui/parts.tsx";
import { Shape } from "../ui/shapes.tsx";

const kEveryMs = 5_000;

function Row({ device }: { device: Device }) {
  const online = device.online && connected.value;
  const lost = (device.dropped_readings ?? 0) + (device.evicted_records ?? 0) + (device.rejected_payloads ?? 0);
  const plant = plants.value?.find((one) => one.site === device.site)?.name ?? device.site;
  return (
    <tr data-device={device.device} class={online ? "" : "unheard"}>
      <td class={`state-${online ? "healthy" : "unknown"}`}>
        <Shape name={online ? "healthy" : "unknown"} /> {online ? "Online" : "Not heard"}
      </td>
      <th scope="row">{device.device}</th>
      <td>{plant}</td>
      <td class="right">{device.last_seen_ms === null ? "never" : <At ms={device.last_seen_ms}>{ageWhole(nowMs.value - device.last_seen_ms)} ago</At>}</td>
      <td class="right">{device.machines ?? "–"}</td>
      <td>{device.version || "–"}</td>
      <td title={device.model_hash || undefined}>
        {device.model_name || "–"} {device.model_hash && <code>{device.model_hash.slice(0, 8)}</code>}
      </td>
      <td class="right" title={device.priority ? `decides with ${device.priority} priority` : undefined}>{device.decision_ms_p999 != null ? `${number(device.decision_ms_p999)} ms` : "–"}</td>
      <td class="right" title={device.outbox_bytes != null ? bytes(device.outbox_bytes) : undefined}>
        {device.outbox_records != null ? count(device.outbox_records) : "–"}
      </td>
      <td class={`right ${lost > 0 ? "strong" : ""}`} title="dropped readings, evicted records, refused payloads">
        {device.dropped_readings != null ? count(lost) : "–"}
      </td>
      <td class="right">{device.rss_mb != null ? `${number(device.rss_mb)} MB` : "–"}</td>
      <td class="right">{device.uptime_s != null ? span(device.uptime_s * 1000) : "–"}</td>
    </tr>
  );
}

const kHeads: [string, boolean][] = [
  ["State", false], ["Gateway", false], ["Plant", false], ["Heard", true], ["Machines", true], ["Version", false], ["Model", false],
  ["Decision p99.9", true], ["Queue", true], ["Lost", true], ["Memory", true], ["Up for", true],
];

export function Devices() {
  const [error, setError] = useState<Error | null>(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const load = () => void loadDevices().then(() => setError(null), setError);
    load();
    const timer = setInterval(load, kEveryMs);
    return () => clearInterval(timer);
  }, [attempt]);

  const list = devices.value;
  if (list === null)
    return error ? (
      <Failed what="The gateways could not be read" error={error} works="The board still works." retry={() => setAttempt(attempt + 1)} />
    ) : (
      <Loading what="the gateways" />
    );
  const all = [...list.values()].sort((a, b) => (`${a.site} ${a.device}` < `${b.site} ${b.device}` ? -1 : 1));
  const online = connected.value ? all.filter((device) => device.online).length : 0;
  if (all.length === 0)
    return <Empty title="No gateway has connected yet">A gateway appears here when its agent first publishes to this hub's broker.</Empty>;
  return (
    <>
      <section class="counts devices-counts" aria-label="Gateways by state">
        <span class="count">
          <Shape name="healthy" size={16} /> <b>{online}</b> Online
        </span>
        <span class="count">
          <Shape name="unknown" size={16} /> <b>{all.length - online}</b> Not heard
        </span>
        <span class="counts-space" />
        <span class="count-fact">
          {online} of {all.length} gateways
        </span>
      </section>
      <section class="panel table-panel" aria-label="Gateways">
        <div class="table-scroll" tabIndex={0} role="region" aria-label="Table of gateways">
          <table class="table">
            <thead>
              <tr>
                {kHeads.map(([head, right]) => (
                  <th key={head} scope="col" class={right ? "right" : ""}>
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {all.map((device) => (
                <Row key={device.device} device={device} />
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </>
  );
}
