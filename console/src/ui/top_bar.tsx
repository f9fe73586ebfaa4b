// Where am I, and how current is all this? The second question is answered on every screen.
import { useEffect } from "preact/hooks";
import { age, clock, dateClock, plural } from "../logic/format.ts";
import type { Route } from "../logic/route.ts";
import { allViews, connected, heardMs, lastDataMs, lostPlants, machines, me, nowMs, plants, rollouts, machineKey, toJudge } from "../store.ts";
import { isPhone } from "../settings.ts";
import { At, Key } from "./parts.tsx";
import { paletteOpen } from "./palette.tsx";
import { Icon, Shape } from "./shapes.tsx";
import { waiting } from "../verdicts.ts";

function title(route: Route): { head: string; rest: string } {
  if (route.screen === "alarms") return { head: "Inbox", rest: `${toJudge.value} to judge` };
  if (route.screen === "devices") return { head: "Devices", rest: "" };
  const all = allViews.value.length;
  return { head: "Board", rest: plants.value ? `${plural(all, "machine")}, ${plural(plants.value.length, "plant")}` : "" };
}

/** "Models / Rollouts / bearing-lstm 38". */
function ModelCrumbs({ route }: { route: Route }) {
  const last = route.screen === "rollouts" ? labelOf(route.id) : route.screen === "models" ? route.target : null;
  const middle = route.screen === "rollouts" ? "Rollouts" : route.screen === "schedules" ? "Schedules and windows" : "In use and offered";
  const href = route.screen === "rollouts" || route.screen === "schedules" ? `#/${route.screen}` : "#/models";
  return (
    <h1 class="crumbs">
      {!isPhone.value && (
        <>
          <a href="#/models">Models</a> /{" "}
        </>
      )}
      {last === null ? (
        <b>{middle}</b>
      ) : (
        <>
          <a href={href}>{middle}</a> / <b>{last}</b>
        </>
      )}
    </h1>
  );
}

function labelOf(id: string | null): string | null {
  const found = rollouts.value?.find((one) => one.id === id);
  return found ? `${found.name} ${found.version}` : id;
}

function pageTitle(route: Route, head: string): string {
  if (route.screen === "machine") return `${route.asset} ${machines.get(machineKey(route.site, route.asset))?.value.name ?? ""}`;
  if (route.screen === "rollouts") return route.id === null ? "Rollouts" : `Rollout of ${labelOf(route.id)}`;
  if (route.screen === "schedules") return "Schedules";
  if (route.screen === "models") return route.target ?? "Models";
  return head;
}

function Crumbs({ site, asset }: { site: string; asset: string }) {
  const plant = plants.value?.find((one) => one.site === site);
  const area = plant?.areas.find((one) => one.keys.includes(machineKey(site, asset)));
  return (
    <h1 class="crumbs">
      <a href="#/">Board</a> /{" "}
      {!isPhone.value && (
        <>
          <span>{plant?.name ?? site}</span> / {area && <span>{area.name} / </span>}
        </>
      )}
      <b>{asset}</b>
    </h1>
  );
}

export function TopBar({ route }: { route: Route }) {
  const { head, rest } = title(route);
  const page = pageTitle(route, head);
  useEffect(() => {
    document.title = `${page.trim()} · Millwright`;
  }, [page]);
  return (
    <header class="top">
      {route.screen === "machine" ? (
        <Crumbs site={route.site} asset={route.asset} />
      ) : route.screen === "rollouts" || route.screen === "models" || route.screen === "schedules" ? (
        <ModelCrumbs route={route} />
      ) : (
        <h1>
          {head} <span>{rest}</span>
        </h1>
      )}
      <button class="find" onClick={() => (paletteOpen.value = true)}>
        <Icon name="search" size={18} />
        <span>Find a machine, alarm, gateway or action</span>
        <Key>Ctrl K</Key>
      </button>
      <Currency />
      <Waiting />
      <span class="top-clock">{dateClock(nowMs.value)}</span>
    </header>
  );
}

/** Verdicts that the hub has not answered yet, on every screen; otherwise who is here. */
function Waiting() {
  const count = waiting.value.length;
  if (count > 0)
    return (
      <span class="currency lost" role="status">
        <Shape name="unknown" />
        <b>{plural(count, "verdict")} wait here</b>
      </span>
    );
  return me.value?.person ? <span class="top-who">{me.value.name}</span> : null;
}

/** Live with the age of the last data; or since when not, and which plant. */
function Currency() {
  if (!connected.value) {
    const since = heardMs.value;
    return (
      <span class="currency lost" role="status">
        <Shape name="unknown" />
        {since === null ? (
          <b>Connecting to the hub</b>
        ) : (
          <b>
            Not current since <At ms={since}>{clock(since)}</At>
          </b>
        )}
      </span>
    );
  }
  const lost = lostPlants.value;
  if (lost.length > 0) {
    const live = (plants.value ?? []).filter((plant) => plant.link === "up");
    return (
      <span class="currency lost" role="status">
        <Shape name="unknown" />
        <span>
          {live.length > 0 && live.length <= 2 && `${live.map((plant) => plant.name).join(", ")} live, `}
          {live.length > 2 && `${live.length} plants live, `}
          <b>{lost.length <= 2 ? lost.map((plant) => plant.name).join(", ") : plural(lost.length, "plant")} not current</b>
        </span>
      </span>
    );
  }
  const last = lastDataMs.value;
  return (
    <span class="currency">
      <i class="live-dot" />
      Live
      {last !== null && (
        <At ms={last}>
          <span class="currency-words">last data </span>
          {age(nowMs.value - last)} ago
        </At>
      )}
    </span>
  );
}
