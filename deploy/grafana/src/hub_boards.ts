// What the hub's keepers look at: messages, alarms and people, security, the hub itself.
import type { Board, View } from "./kit.js";

const kStat = { kind: "stat" } as const;
const kLine = { kind: "timeseries" } as const;
const rate = (metric: string, by: string, matchers = "@"): string => `sum${by ? ` by (${by})` : ""} (rate(${metric}{${matchers}}[$__rate_interval]))`;

const refused: View = {
  ...kLine, title: "Payloads refused", unit: "ops", about: "Payloads and events that the hub could not take, by reason; each is counted once and lost to nobody: the gateway keeps it.",
  act: "The hub's log names gateway and reason. A new agent against an old hub: upgrade the hub first.", queries: [{ expr: rate("millwright_hub_rejected_payloads_total", "reason"), legend: "{{reason}}" }],
};

export const sync: Board = {
  uid: "millwright-sync", title: "Millwright / Sync and MQTT", about: "Does what gateways accepted arrive, once?",
  views: [
    { ...kStat, title: "Broker connected", unit: "short", about: "1 while the hub reaches its broker.", act: "0: the hub's log names why; gateways hold everything meanwhile.", queries: [{ expr: "min(millwright_hub_broker_connected{@})", legend: "connected" }] },
    { ...kStat, title: "Since the last commit", unit: "s", limit: 60, about: "Since events were last stored.", act: "Long, with gateways online: the hub does not commit, see Commits that failed.", queries: [{ expr: "time() - max(millwright_hub_last_commit_timestamp_seconds{@})", legend: "ago" }] },
    { ...kStat, title: "Commits that failed", unit: "short", limit: 1, about: "Within an hour. Nothing of them was acknowledged, so nothing is lost.", act: "The hub's disk is full or broken: its log.", queries: [{ expr: "sum(increase(millwright_hub_commit_failures_total{@}[1h]))", legend: "failed" }] },
    { ...kStat, title: "Events in conflict", unit: "short", limit: 1, about: "Within a day: one id, two contents. The first one stays.", act: "Two gateways share an outbox that was copied: enroll the second one anew with its own state folder.", queries: [{ expr: "sum(increase(millwright_hub_conflicting_events_total{@}[1d]))", legend: "conflicts" }] },
    { ...kLine, title: "Messages", unit: "ops", about: "MQTT messages taken, by kind.", act: "None, with gateways online: the broker's access rules.", queries: [{ expr: rate("millwright_hub_messages_total", "kind"), legend: "{{kind}}" }] },
    { ...kLine, title: "Events stored", unit: "ops", about: "Events stored, each once, by kind.", act: "A rise after an outage is its backlog.", queries: [{ expr: rate("millwright_hub_events_total", "kind"), legend: "{{kind}}" }] },
    { ...kLine, title: "Events that came again", unit: "ops", about: "Known already, recognised and not stored twice.", act: "Some after each restart or outage are as it should be; many without one: acknowledgements do not reach a gateway.", queries: [{ expr: rate("millwright_hub_duplicate_events_total", ""), legend: "again" }] },
    refused,
    { ...kLine, title: "Acknowledgements", unit: "ops", about: "Handed to the broker after a commit, and those that could not be sent.", act: "Unsent: the broker; the gateway sends again.", queries: [{ expr: rate("millwright_hub_acks_total", ""), legend: "sent" }, { expr: rate("millwright_hub_acks_unsent_total", ""), legend: "unsent" }] },
    { ...kLine, title: "Connections to the broker lost", unit: "short", limit: 1, about: "Within an hour.", act: "The broker's log, or the network between.", queries: [{ expr: "sum(increase(millwright_hub_broker_disconnects_total{@}[1h]))", legend: "lost" }] },
    { ...kLine, title: "Time to commit", unit: "s", limit: 0.5, about: "99th percentile from the begin of a transaction to its fsync.", act: "The hub's disk is slow: another program writes, or it is a network disk.", queries: [{ expr: "histogram_quantile(0.99, sum by (le) (rate(millwright_hub_commit_seconds_bucket{@}[$__rate_interval])))", legend: "p99" }] },
    { ...kLine, title: "Events a backup lacks", unit: "short", limit: 1, about: "Within a day: events that an earlier hub had acknowledged and this database, restored from a backup, does not hold; declared as gaps.", act: "Back up more often: `millwright backup` takes a running hub.", queries: [{ expr: "sum(increase(millwright_hub_forgotten_events_total{@}[1d]))", legend: "lacking" }] },
  ],
};

export const alarms: Board = {
  uid: "millwright-alarms", title: "Millwright / Alarms and labels", about: "Can people keep up, and do they believe it? (ISA-18.2, EEMUA 191)",
  views: [
    { ...kStat, title: "To judge", unit: "short", limit: 20, about: "Alarms that nobody has judged, shelved or asked about.", act: "Open the inbox: two keys each, one cause at once.", queries: [{ expr: 'sum(millwright_inbox_alarms{@,view="judge"})', legend: "to judge" }] },
    { ...kStat, title: "Shelved", unit: "short", about: "Alarms that come back by themselves.", act: "Many for weeks: mend the cause, or the limit.", queries: [{ expr: 'sum(millwright_inbox_alarms{@,view="shelved"})', legend: "shelved" }] },
    { ...kStat, title: "Second opinions", unit: "short", about: "Alarms that a colleague is asked about.", act: "Answer them in the inbox.", queries: [{ expr: 'sum(millwright_inbox_alarms{@,view="opinion"})', legend: "asked" }] },
    { ...kStat, title: "Judged within a day", unit: "short", about: "Verdicts of the last 24 hours: each is a label.", act: "None for days: nobody looks.", queries: [{ expr: 'sum(millwright_inbox_alarms{@,view="judged_today"})', legend: "judged" }] },
    { ...kLine, title: "Alarms within an hour", unit: "short", limit: 6, about: "One person handles about six in an hour (EEMUA 191).", act: "More: raise limits for machines that are known, or shelve by cause.", queries: [{ expr: "sum(millwright_fleet_alarms_raised_last_hour{@s})", legend: "raised" }] },
    { ...kLine, title: "Open by level", unit: "short", about: "Alarms that have not cleared.", act: "About 80 % should be the lowest level, 5 % the highest (ISA-18.2).", queries: [{ expr: "sum by (level) (millwright_fleet_alarms_open{@s})", legend: "{{level}}" }] },
    { ...kLine, title: "Time to a verdict", unit: "s", limit: 28800, about: "Median of 90 days from an alarm's arrival to its first verdict.", act: "Longer than a shift: labels come too late to notice drift.", queries: [{ expr: "max(millwright_inbox_verdict_seconds{@})", legend: "median" }] },
    { ...kLine, title: "Judged and real", unit: "short", about: "Judged alarms of 90 days, and those of them that were real.", act: "See Inference and model quality, Alarms that were real.", queries: [{ expr: "sum(millwright_inbox_known_alarms{@})", legend: "judged" }, { expr: "sum(millwright_inbox_real_alarms{@})", legend: "real" }] },
  ],
};

export const defender: Board = {
  uid: "millwright-defender", title: "Millwright / Defender", about: "Who comes in, who tries, and whose certificate ends.",
  views: [
    { ...kStat, title: "Certificates", unit: "short", about: "Gateways with a certificate that counts.", act: "More than are installed: revoke what is not yours.", queries: [{ expr: "max(millwright_certificates{@})", legend: "good" }] },
    { ...kStat, title: "Certificates ended", unit: "short", limit: 1, about: "Gateways that can no longer connect; they renew when they reach the hub, up to 400 days later.", act: "`millwright certificates` names them.", queries: [{ expr: "max(millwright_certificates_ended{@})", legend: "ended" }] },
    { ...kStat, title: "First certificate ends in", unit: "s", about: "Until the first of the gateways' certificates ends.", act: "Under 30 days: that gateway has not renewed, see Gateways.", queries: [{ expr: "min(millwright_certificate_expires_seconds{@})", legend: "first" }] },
    { ...kStat, title: "Connections refused", unit: "short", limit: 1, about: "Within an hour, HTTP connections and streams over a limit.", act: "Somebody floods the hub, or a proxy keeps connections open.", queries: [{ expr: "sum(increase(millwright_hub_http_refused_total{@}[1h]))", legend: "refused" }] },
    { ...kLine, title: "Requests without leave", unit: "reqps", about: "Answers 401 and 403, by route: nobody, or too small a role.", act: "Steady on one route: a program with an old token. Many routes: somebody tries doors; the hub's log has the address.", queries: [{ expr: rate("millwright_hub_http_requests_total", "route", '@,code=~"401|403"') + " or vector(0)", legend: "{{route}}" }] },
    { ...kLine, title: "Too many wrong tries", unit: "reqps", limit: 0.1, about: "Answers 429: somebody guesses.", act: "Secrets are too long to be guessed; find out who, and close the way in.", queries: [{ expr: rate("millwright_hub_http_requests_total", "", '@,code="429"') + " or vector(0)", legend: "429" }] },
    { ...kLine, title: "Certificates expiring", unit: "short", about: "Gateways whose certificate ends within a day, a week, a month.", act: "See Gateways, Certificates that end within a week.", queries: [{ expr: "max by (within) (millwright_certificates_expiring{@})", legend: "{{within}}" }] },
    refused,
  ],
};

export const internals: Board = {
  uid: "millwright-hub", title: "Millwright / Hub internals", about: "Is the hub itself well?",
  views: [
    { ...kStat, title: "Memory", unit: "bytes", limit: 1e9, about: "Resident memory of the hub.", act: "It is bounded; steady growth is a fault of ours.", queries: [{ expr: "max(millwright_hub_resident_bytes{@})", legend: "resident" }] },
    { ...kStat, title: "Database", unit: "bytes", about: "Bytes of the database in use.", act: "`store.max_gb` lets the oldest telemetry go; the disk needs as much again for a backup.", queries: [{ expr: "max(millwright_hub_database_bytes{@})", legend: "in use" }] },
    { ...kStat, title: "Consoles open", unit: "short", about: "Clients of the event stream.", act: "Falls to nothing while people work: a proxy cuts streams.", queries: [{ expr: "sum(millwright_hub_stream_clients{@})", legend: "streams" }] },
    { ...kStat, title: "Version", unit: "short", about: "Which version runs.", act: "More than one while an upgrade is under way only.", queries: [{ expr: "count by (version) (millwright_hub_build_info{@})", legend: "{{version}}" }] },
    { ...kLine, title: "Requests by code", unit: "reqps", about: "HTTP requests answered, by status.", act: "500: the hub's log. 503: it waits for its database.", queries: [{ expr: rate("millwright_hub_http_requests_total", "code"), legend: "{{code}}" }] },
    { ...kLine, title: "Time to answer", unit: "s", limit: 0.5, about: "50th and 99th percentile of all routes.", act: "Slow with few requests: the disk.", queries: [0.5, 0.99].map((q) => ({ expr: `histogram_quantile(${q}, sum by (le) (rate(millwright_hub_http_seconds_bucket{@}[$__rate_interval])))`, legend: `p${100 * q}` })) },
    { ...kLine, title: "Connections", unit: "short", about: "Open HTTP connections and event streams.", act: "At their limit: new ones are refused, see Defender.", queries: [{ expr: "sum(millwright_hub_http_connections{@})", legend: "connections" }, { expr: "sum(millwright_hub_stream_clients{@})", legend: "streams" }] },
    { ...kLine, title: "Slow consoles dropped", unit: "short", about: "Within an hour, stream clients that did not read.", act: "A phone that sleeps is one; it comes back by itself.", queries: [{ expr: "sum(increase(millwright_hub_stream_clients_dropped_total{@}[1h]))", legend: "dropped" }] },
    { ...kLine, title: "Events let go", unit: "ops", about: "What retention removes, oldest telemetry first; alarms never.", act: "Earlier than you wish: give the database more room.", queries: [{ expr: rate("millwright_hub_purged_events_total", ""), legend: "let go" }] },
    { ...kLine, title: "Messages in a transaction", unit: "short", about: "95th percentile: more under load, which is how it keeps up.", act: "At 256 for long: the hub is at its limit.", queries: [{ expr: "histogram_quantile(0.95, sum by (le) (rate(millwright_hub_commit_messages_bucket{@}[$__rate_interval])))", legend: "p95" }] },
  ],
};
