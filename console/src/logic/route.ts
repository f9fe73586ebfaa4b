// The page's address: everything after '#', so that the hub needs to know one page only.

export type Route =
  | { screen: "board" }
  | { screen: "machine"; site: string; asset: string }
  | { screen: "alarms"; id: string | null }
  | { screen: "rollouts"; id: string | null }
  | { screen: "models"; target: string | null }
  | { screen: "schedules" }
  | { screen: "devices" };

export function parseRoute(hash: string): Route {
  const parts = hash.replace(/^#\/?/, "").split("/").map(decode);
  if (parts[0] === "machines" && parts[1] && parts[2]) return { screen: "machine", site: parts[1], asset: parts[2] };
  if (parts[0] === "alarms" || parts[0] === "inbox") return { screen: "alarms", id: parts[1] || null };
  if (parts[0] === "rollouts") return { screen: "rollouts", id: parts[1] || null };
  if (parts[0] === "models") return { screen: "models", target: parts[1] || null };
  if (parts[0] === "schedules") return { screen: "schedules" };
  if (parts[0] === "devices") return { screen: "devices" };
  return { screen: "board" };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a broken escape that somebody typed
  }
}

export const machineHref = (site: string, asset: string): string =>
  `#/machines/${encodeURIComponent(site)}/${encodeURIComponent(asset)}`;
export const alarmHref = (id: string): string => `#/alarms/${encodeURIComponent(id)}`;
export const rolloutHref = (id: string): string => `#/rollouts/${encodeURIComponent(id)}`;
export const releaseHref = (target: string): string => `#/models/${encodeURIComponent(target)}`;
