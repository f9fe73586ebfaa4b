// Alerts, each with the fault that must fire it and nothing else. Prometheus' rules, their tests, Grafana's copy and the
// table in docs/alerts.md are all written from this.
export interface Fault {
  words: string;
  /** Series that differ from the healthy fleet: values as promtool writes them, one a minute. */
  series: Record<string, string>;
}

export interface Alert {
  name: string;
  expr: string;
  /** How long it must hold. */
  hold: string;
  severity: "page" | "ticket";
  summary: string;
  /** Where it is seen: dashboard's uid and panel's title. */
  board: string;
  panel: string;
  faults: Fault[];
}

const kHub = 'job="millwright",instance="hub"';
const s = (name: string, labels = ""): string => `${name}{${kHub}${labels && `,${labels}`}}`;
const kHold = "x600";

/** A fleet that is well, ten hours of it. */
export const kHealthy: Record<string, string> = {
  [`up{${kHub}}`]: `1${kHold}`,
  [s("millwright_fleet_gateways", 'site="alder",state="online"')]: `40${kHold}`,
  [s("millwright_fleet_gateways", 'site="alder",state="offline"')]: `0${kHold}`,
  [s("millwright_fleet_gateways", 'site="birch",state="online"')]: `20${kHold}`,
  [s("millwright_fleet_gateways", 'site="birch",state="offline"')]: `0${kHold}`,
  [s("millwright_fleet_machines", 'site="alder",state="healthy"')]: `90${kHold}`,
  [s("millwright_fleet_machines", 'site="alder",state="act"')]: `0${kHold}`,
  [s("millwright_fleet_machines", 'site="alder",state="unknown"')]: `1${kHold}`,
  [s("millwright_fleet_alarms_raised_last_hour", 'site="alder"')]: `1${kHold}`,
  [s("millwright_fleet_decision_p99_seconds", 'site="alder",stat="max"')]: `0.012${kHold}`,
  [s("millwright_fleet_outbox_records", 'stat="p50",site="alder"')]: `2${kHold}`,
  [s("millwright_fleet_outbox_records", 'site="alder",stat="max"')]: `40${kHold}`,
  [s("millwright_fleet_resident_bytes", 'site="alder",stat="max"')]: `40000000${kHold}`,
  [s("millwright_fleet_silent_seconds", 'site="alder",stat="max"')]: `3${kHold}`,
  [s("millwright_fleet_dropped_readings", 'site="alder"')]: `5${kHold}`,
  [s("millwright_fleet_rejected_payloads", 'site="alder"')]: `5${kHold}`,
  [s("millwright_fleet_evicted_records", 'site="alder"')]: `0${kHold}`,
  [s("millwright_fleet_readings_missing_last_day", 'site="alder"')]: `10${kHold}`,
  [s("millwright_fleet_score", 'stat="p50",site="alder"')]: `0.04${kHold}`,
  [s("millwright_fleet_sites_truncated")]: `0${kHold}`,
  [s("millwright_accuracy", 'asset_class="pump"')]: `0.95${kHold}`,
  [s("millwright_gateways_errors_risen")]: `0${kHold}`,
  [s("millwright_inbox_alarms", 'view="judge"')]: `4${kHold}`,
  [s("millwright_inbox_alarms", 'view="opinion"')]: `0${kHold}`,
  [s("millwright_inbox_real_alarms")]: `41${kHold}`,
  [s("millwright_inbox_known_alarms")]: `44${kHold}`,
  [s("millwright_inbox_verdict_seconds")]: `2400${kHold}`,
  [s("millwright_rollouts", 'state="done"')]: `3${kHold}`,
  [s("millwright_rollouts", 'state="halted"')]: `0${kHold}`,
  [s("millwright_rollouts", 'state="waiting"')]: `0${kHold}`,
  [s("millwright_rollout_gateways", 'status="FAILED"')]: `0${kHold}`,
  [s("millwright_hub_delivery_connected")]: `1${kHold}`,
  [s("millwright_hub_delivery_unsent_total")]: `0${kHold}`,
  [s("millwright_trust_expires_seconds", 'role="timestamp"')]: `86400${kHold}`,
  [s("millwright_trust_expires_seconds", 'role="root"')]: `8640000${kHold}`,
  [s("millwright_trust_failures_total")]: `0${kHold}`,
  [s("millwright_hub_broker_connected")]: `1${kHold}`,
  [s("millwright_hub_broker_disconnects_total")]: `0${kHold}`,
  [s("millwright_hub_last_commit_timestamp_seconds")]: "0+60x600",
  [s("millwright_hub_commit_failures_total")]: `0${kHold}`,
  [s("millwright_hub_conflicting_events_total")]: `0${kHold}`,
  [s("millwright_hub_forgotten_events_total")]: `0${kHold}`,
  [s("millwright_hub_rejected_payloads_total", 'reason="malformed"')]: `0${kHold}`,
  [s("millwright_hub_duplicate_events_total")]: `0+1x600`,
  [s("millwright_hub_acks_unsent_total")]: `0${kHold}`,
  [s("millwright_hub_commit_seconds_bucket", 'le="0.5"')]: "0+100x600",
  [s("millwright_hub_commit_seconds_bucket", 'le="1"')]: "0+100x600",
  [s("millwright_hub_commit_seconds_bucket", 'le="+Inf"')]: "0+100x600",
  [s("millwright_hub_http_requests_total", 'code="200",route="/api/v1/board"')]: "0+600x600",
  [s("millwright_hub_http_requests_total", 'code="500",route="/api/v1/board"')]: `0${kHold}`,
  [s("millwright_hub_http_requests_total", 'code="401",route="/api/v1/board"')]: "0+1x600",
  [s("millwright_hub_http_requests_total", 'code="429",route="/api/v1/session"')]: `0${kHold}`,
  [s("millwright_hub_http_seconds_bucket", 'le="0.5"')]: "0+600x600",
  [s("millwright_hub_http_seconds_bucket", 'le="2.5"')]: "0+600x600",
  [s("millwright_hub_http_seconds_bucket", 'le="+Inf"')]: "0+600x600",
  [s("millwright_hub_http_refused_total")]: `0${kHold}`,
  [s("millwright_hub_stream_clients_dropped_total")]: `0${kHold}`,
  [s("millwright_hub_resident_bytes")]: `60000000${kHold}`,
  [s("millwright_hub_database_bytes")]: "1000000000+100000x600",
  [s("millwright_certificates")]: `60${kHold}`,
  [s("millwright_certificates_ended")]: `0${kHold}`,
  [s("millwright_certificates_expiring", 'within="7d"')]: `0${kHold}`,
  [s("millwright_certificates_expiring", 'within="1d"')]: `0${kHold}`,
};

const one = (words: string, series: string, values: string): Fault[] => [{ words, series: { [series]: values } }];
const page = { severity: "page" } as const;
const ticket = { severity: "ticket" } as const;

export const kAlerts: Alert[] = [
  { ...page, name: "HubDown", expr: 'up{job="millwright"} == 0', hold: "2m", summary: "The hub does not answer; gateways decide and hold what they have.", board: "millwright-hub", panel: "Version", faults: one("the hub is killed", `up{${kHub}}`, `1x60 0x540`) },
  { ...page, name: "BrokerLost", expr: "millwright_hub_broker_connected == 0", hold: "2m", summary: "The hub has lost its broker: nothing arrives.", board: "millwright-sync", panel: "Broker connected", faults: one("the hub's broker is stopped", s("millwright_hub_broker_connected"), "1x60 0x540") },
  { ...ticket, name: "BrokerFlaps", expr: "increase(millwright_hub_broker_disconnects_total[1h]) > 5", hold: "1m", summary: "The connection to the broker comes and goes.", board: "millwright-sync", panel: "Connections to the broker lost", faults: one("the broker drops the hub every few minutes", s("millwright_hub_broker_disconnects_total"), "0x60 0+1x540") },
  { ...page, name: "CommitsFail", expr: "increase(millwright_hub_commit_failures_total[10m]) > 0", hold: "1m", summary: "The hub cannot store events; nothing is acknowledged.", board: "millwright-sync", panel: "Commits that failed", faults: one("the hub's disk is full", s("millwright_hub_commit_failures_total"), "0x60 0+2x540") },
  { ...page, name: "NothingStored", expr: 'time() - millwright_hub_last_commit_timestamp_seconds > 600 and on (job, instance) sum by (job, instance) (millwright_fleet_gateways{state="online"}) > 0', hold: "1m", summary: "Gateways are online and nothing has been stored for ten minutes.", board: "millwright-sync", panel: "Since the last commit", faults: one("ingest hangs", s("millwright_hub_last_commit_timestamp_seconds"), "0+60x60 3600x540") },
  { ...ticket, name: "CommitsSlow", expr: "histogram_quantile(0.99, sum by (job, instance, le) (rate(millwright_hub_commit_seconds_bucket[10m]))) > 0.5", hold: "10m", summary: "Commits take more than half a second: the disk is slow.", board: "millwright-sync", panel: "Time to commit", faults: one("another program saturates the hub's disk", s("millwright_hub_commit_seconds_bucket", 'le="0.5"'), "0+100x60 6000+50x540") },
  { ...ticket, name: "PayloadsRefused", expr: "sum by (job, instance, reason) (increase(millwright_hub_rejected_payloads_total[15m])) > 10", hold: "1m", summary: "The hub refuses payloads: {{ $labels.reason }}.", board: "millwright-sync", panel: "Payloads refused", faults: one("a gateway of another make sends what nobody can read", s("millwright_hub_rejected_payloads_total", 'reason="malformed"'), "0x60 0+5x540") },
  { ...page, name: "EventsConflict", expr: "increase(millwright_hub_conflicting_events_total[1h]) > 0", hold: "0m", summary: "One event id with two contents: an outbox was copied.", board: "millwright-sync", panel: "Events in conflict", faults: one("two gateways run on one copied state folder", s("millwright_hub_conflicting_events_total"), "0x60 0+1x540") },
  { ...page, name: "EventsForgotten", expr: "increase(millwright_hub_forgotten_events_total[1d]) > 0", hold: "0m", summary: "The restored database lacks events that gateways have let go.", board: "millwright-sync", panel: "Events a backup lacks", faults: one("the hub is restored from last week's backup", s("millwright_hub_forgotten_events_total"), "0x60 500x540") },
  { ...ticket, name: "AcksUnsent", expr: "increase(millwright_hub_acks_unsent_total[15m]) > 10", hold: "1m", summary: "Acknowledgements do not leave the hub.", board: "millwright-sync", panel: "Acknowledgements", faults: one("the broker takes nothing from the hub", s("millwright_hub_acks_unsent_total"), "0x60 0+3x540") },
  { ...ticket, name: "ManyDuplicates", expr: "rate(millwright_hub_duplicate_events_total[15m]) > 5", hold: "30m", summary: "Gateways send again what the hub has: acknowledgements do not reach them.", board: "millwright-sync", panel: "Events that came again", faults: one("the broker's access rules hide acknowledgements", s("millwright_hub_duplicate_events_total"), "0+1x60 60+600x540") },
  { ...ticket, name: "GatewaysLost", expr: 'sum by (job, instance, site) (millwright_fleet_gateways{state="offline"}) > 0', hold: "15m", summary: "Gateways of {{ $labels.site }} are not heard.", board: "millwright-fleet", panel: "Gateways not heard", faults: one("one gateway loses its power", s("millwright_fleet_gateways", 'site="alder",state="offline"'), "0x60 1x540") },
  { ...page, name: "PlantLost", expr: 'sum by (job, instance, site) (millwright_fleet_gateways{state="online"}) == 0 and on (job, instance, site) sum by (job, instance, site) (millwright_fleet_gateways{state="offline"}) > 0', hold: "5m", summary: "No gateway of {{ $labels.site }} is heard.", board: "millwright-fleet", panel: "Gateways heard", faults: [{ words: "a plant's line is cut", series: { [s("millwright_fleet_gateways", 'site="birch",state="online"')]: "20x60 0x540", [s("millwright_fleet_gateways", 'site="birch",state="offline"')]: "0x60 20x540" } }] },
  { ...ticket, name: "GatewaySilentForADay", expr: 'max by (job, instance, site) (millwright_fleet_silent_seconds{stat="max"}) > 86400', hold: "5m", summary: "A gateway of {{ $labels.site }} has been silent for a day.", board: "millwright-gateway", panel: "Longest silence", faults: one("a gateway was taken away and not removed", s("millwright_fleet_silent_seconds", 'site="alder",stat="max"'), "3x60 90000x540") },
  { ...page, name: "DecisionsLate", expr: 'max by (job, instance, site) (millwright_fleet_decision_p99_seconds{stat="max"}) > 0.05', hold: "10m", summary: "A gateway of {{ $labels.site }} decides in more than 50 ms.", board: "millwright-gateway", panel: "Slowest gateway", faults: one("a second program takes the board's processor", s("millwright_fleet_decision_p99_seconds", 'site="alder",stat="max"'), "0.012x60 0.09x540") },
  { ...ticket, name: "BacklogGrows", expr: 'max by (job, instance, site) (millwright_fleet_outbox_records{stat="max"}) > 100000', hold: "30m", summary: "A gateway of {{ $labels.site }} holds more than 100,000 records.", board: "millwright-gateway", panel: "Records that wait", faults: one("the uplink is slower than what the gateway records", s("millwright_fleet_outbox_records", 'site="alder",stat="max"'), "40x60 150000x540") },
  { ...ticket, name: "BacklogEverywhere", expr: 'max by (job, instance, site) (millwright_fleet_outbox_records{stat="p50"}) > 1000', hold: "15m", summary: "Half of the gateways of {{ $labels.site }} wait: the hub or its broker is too slow.", board: "millwright-gateway", panel: "Records that wait", faults: one("the broker is throttled for a whole plant", s("millwright_fleet_outbox_records", 'stat="p50",site="alder"'), "2x60 2500x540") },
  { ...ticket, name: "AgentMemory", expr: 'max by (job, instance, site) (millwright_fleet_resident_bytes{stat="max"}) > 2e8', hold: "30m", summary: "An agent of {{ $labels.site }} uses more than 200 MB.", board: "millwright-gateway", panel: "Agent's memory", faults: one("an agent leaks", s("millwright_fleet_resident_bytes", 'site="alder",stat="max"'), "40000000x60 300000000x540") },
  { ...page, name: "TelemetryGivenUp", expr: "sum by (job, instance, site) (delta(millwright_fleet_evicted_records[15m])) > 0", hold: "0m", summary: "A queue of {{ $labels.site }} is full: telemetry is given up, declared as gaps.", board: "millwright-gateway", panel: "Telemetry given up", faults: one("a link is down for longer than the queue is large", s("millwright_fleet_evicted_records", 'site="alder"'), "0x60 0+50x540") },
  { ...ticket, name: "ReadingsDropped", expr: "sum by (job, instance, site) (delta(millwright_fleet_dropped_readings[15m])) > 100", hold: "1m", summary: "Gateways of {{ $labels.site }} drop readings: too many machines for the board.", board: "millwright-gateway", panel: "Readings dropped and refused", faults: one("a board gets more machines than it can carry", s("millwright_fleet_dropped_readings", 'site="alder"'), "5x60 5+50x540") },
  { ...ticket, name: "SensorsSpeakWrong", expr: "sum by (job, instance, site) (delta(millwright_fleet_rejected_payloads[15m])) > 100", hold: "1m", summary: "Gateways of {{ $labels.site }} refuse what sensors send.", board: "millwright-gateway", panel: "Readings dropped and refused", faults: one("a sensor's firmware changes its format", s("millwright_fleet_rejected_payloads", 'site="alder"'), "5x60 5+50x540") },
  { ...ticket, name: "ReadingsMissing", expr: "sum by (job, instance, site) (millwright_fleet_readings_missing_last_day) > 100000", hold: "10m", summary: "Many readings of {{ $labels.site }} are missing.", board: "millwright-fleet", panel: "Readings missing within a day", faults: one("a sensor's cable is cut", s("millwright_fleet_readings_missing_last_day", 'site="alder"'), "10x60 500000x540") },
  { ...page, name: "MachineActNow", expr: 'sum by (job, instance, site) (millwright_fleet_machines{state="act"}) > 0', hold: "1m", summary: "A machine of {{ $labels.site }} needs somebody this shift.", board: "millwright-fleet", panel: "Act now", faults: one("a bearing's outer race breaks", s("millwright_fleet_machines", 'site="alder",state="act"'), "0x60 1x540") },
  { ...ticket, name: "MachinesUnknown", expr: 'sum by (job, instance, site) (millwright_fleet_machines{state="unknown"}) / sum by (job, instance, site) (millwright_fleet_machines) > 0.2', hold: "15m", summary: "A fifth of the machines of {{ $labels.site }} is not known.", board: "millwright-fleet", panel: "Machines not known", faults: one("a plant's sensors fall silent", s("millwright_fleet_machines", 'site="alder",state="unknown"'), "1x60 60x540") },
  { ...page, name: "AlarmFlood", expr: "sum by (job, instance, site) (millwright_fleet_alarms_raised_last_hour) > 60", hold: "0m", summary: "A flood of alarms at {{ $labels.site }}: look for one cause.", board: "millwright-fleet", panel: "Alarms raised within an hour", faults: one("a power dip shakes every machine of a hall", s("millwright_fleet_alarms_raised_last_hour", 'site="alder"'), "1x60 80x540") },
  { ...ticket, name: "SitesTruncated", expr: "millwright_fleet_sites_truncated > 0", hold: "10m", summary: "More than 100 sites: the smallest are counted together.", board: "millwright-fleet", panel: "Machines by state", faults: one("the 101st site is connected", s("millwright_fleet_sites_truncated"), "0x60 1x540") },
  { ...ticket, name: "AccuracyLow", expr: "min by (job, instance, asset_class) (millwright_accuracy) < 0.85", hold: "1h", summary: "Labelled accuracy of {{ $labels.asset_class }} has fallen below 85 %.", board: "millwright-quality", panel: "Accuracy by labels", faults: one("the process changes and the model does not follow", s("millwright_accuracy", 'asset_class="pump"'), "0.95x60 0.8x540") },
  { ...ticket, name: "ErrorsRisen", expr: "millwright_gateways_errors_risen > 0", hold: "10m", summary: "Gateways' errors have risen by their labels.", board: "millwright-drift", panel: "Gateways with more errors", faults: one("a sensor is moved to another place", s("millwright_gateways_errors_risen"), "0x60 1x540") },
  { ...ticket, name: "ModelSeesIllnessEverywhere", expr: 'max by (job, instance, site) (millwright_fleet_score{stat="p50"}) > 0.5', hold: "30m", summary: "Half of the machines of {{ $labels.site }} look ill to their model.", board: "millwright-drift", panel: "Median score by plant", faults: one("a plant changes its product", s("millwright_fleet_score", 'stat="p50",site="alder"'), "0.04x60 0.7x540") },
  { ...ticket, name: "AlarmsNotBelieved", expr: "millwright_inbox_real_alarms / (millwright_inbox_known_alarms > 20) < 0.5", hold: "1h", summary: "Less than half of the judged alarms were real.", board: "millwright-quality", panel: "Alarms that were real", faults: one("a model cries wolf", s("millwright_inbox_real_alarms"), "41x60 15x540") },
  { ...ticket, name: "InboxFull", expr: 'millwright_inbox_alarms{view="judge"} > 50', hold: "2h", summary: "More than 50 alarms wait for a verdict.", board: "millwright-alarms", panel: "To judge", faults: one("nobody judges during the holidays", s("millwright_inbox_alarms", 'view="judge"'), "4x60 70x540") },
  { ...ticket, name: "QuestionsUnanswered", expr: 'millwright_inbox_alarms{view="opinion"} > 5', hold: "4h", summary: "Colleagues' questions wait.", board: "millwright-alarms", panel: "Second opinions", faults: one("nobody answers a second opinion", s("millwright_inbox_alarms", 'view="opinion"'), "0x60 9x540") },
  { ...ticket, name: "VerdictsLate", expr: "millwright_inbox_verdict_seconds > 259200", hold: "1h", summary: "An alarm waits three days for its verdict: labels come too late.", board: "millwright-alarms", panel: "Time to a verdict", faults: one("alarms are judged once a week", s("millwright_inbox_verdict_seconds"), "2400x60 400000x540") },
  { ...page, name: "RolloutHalted", expr: 'millwright_rollouts{state="halted"} > 0', hold: "1m", summary: "A rollout stopped itself: the console has its reason.", board: "millwright-rollout", panel: "Rollouts halted", faults: one("a bad model is rolled out", s("millwright_rollouts", 'state="halted"'), "0x60 1x540") },
  { ...ticket, name: "RolloutWaits", expr: 'millwright_rollouts{state="waiting"} > 0', hold: "8h", summary: "A rollout waits for a person's word.", board: "millwright-rollout", panel: "Rollouts that wait", faults: one("nobody approves the last wave", s("millwright_rollouts", 'state="waiting"'), "0x60 1x540") },
  { ...ticket, name: "GatewaysRefuseModel", expr: 'millwright_rollout_gateways{status="FAILED"} > 2', hold: "5m", summary: "Several gateways refuse the new model or went back.", board: "millwright-rollout", panel: "Gateways under way", faults: one("a pack's golden vectors do not hold on one kind of board", s("millwright_rollout_gateways", 'status="FAILED"'), "0x60 4x540") },
  { ...page, name: "DeliveryLost", expr: "millwright_hub_delivery_connected == 0", hold: "5m", summary: "Delivery of models has lost its broker.", board: "millwright-rollout", panel: "Delivery connected", faults: one("delivery's account at the broker is removed", s("millwright_hub_delivery_connected"), "1x60 0x540") },
  { ...ticket, name: "DeliveryUnsent", expr: "increase(millwright_hub_delivery_unsent_total[15m]) > 20", hold: "1m", summary: "Answers to gateways cannot be sent.", board: "millwright-rollout", panel: "Answers that could not be sent", faults: one("the broker's queue for delivery is full", s("millwright_hub_delivery_unsent_total"), "0x60 0+5x540") },
  { ...page, name: "TrustEnds", expr: 'min by (job, instance, role) (millwright_trust_expires_seconds{role!~"timestamp|snapshot"}) < 2592000', hold: "10m", summary: "The signed document {{ $labels.role }} expires within 30 days.", board: "millwright-rollout", panel: "Trust ends in", faults: one("nobody signs the root anew", s("millwright_trust_expires_seconds", 'role="root"'), "8640000x60 1000000x540") },
  { ...page, name: "TimestampEnds", expr: 'min by (job, instance, role) (millwright_trust_expires_seconds{role=~"timestamp|snapshot"}) < 14400', hold: "10m", summary: "The hub does not sign {{ $labels.role }} anew: gateways will take nothing new.", board: "millwright-rollout", panel: "Trust ends in", faults: one("the hub's own key is not there", s("millwright_trust_expires_seconds", 'role="timestamp"'), "86400x60 3600x540") },
  { ...page, name: "TrustFails", expr: "increase(millwright_trust_failures_total[1h]) > 0", hold: "0m", summary: "The hub could not sign or read its repository.", board: "millwright-rollout", panel: "Trust ends in", faults: one("the repository's folder is damaged", s("millwright_trust_failures_total"), "0x60 0+1x540") },
  { ...page, name: "CertificatesEndSoon", expr: 'millwright_certificates_expiring{within="1d"} > 0', hold: "10m", summary: "A gateway's certificate ends within a day and it has not renewed.", board: "millwright-gateway", panel: "Certificates that end within a week", faults: one("a gateway has not reached the hub's HTTPS for weeks", s("millwright_certificates_expiring", 'within="1d"'), "0x60 1x540") },
  { ...ticket, name: "CertificatesEndThisWeek", expr: 'millwright_certificates_expiring{within="7d"} > 0', hold: "10m", summary: "Gateways have not renewed in time.", board: "millwright-gateway", panel: "Certificates that end within a week", faults: one("a firewall blocks renewals", s("millwright_certificates_expiring", 'within="7d"'), "0x60 2x540") },
  { ...page, name: "CertificatesEnded", expr: "millwright_certificates_ended > 0", hold: "10m", summary: "Gateways can no longer connect: their certificate has ended.", board: "millwright-defender", panel: "Certificates ended", faults: one("a gateway was off for longer than its certificate", s("millwright_certificates_ended"), "0x60 1x540") },
  { ...ticket, name: "DoorsTried", expr: 'sum by (job, instance) (rate(millwright_hub_http_requests_total{code=~"401|403"}[15m])) > 1', hold: "5m", summary: "Somebody asks again and again without leave.", board: "millwright-defender", panel: "Requests without leave", faults: one("a scanner walks the API", s("millwright_hub_http_requests_total", 'code="401",route="/api/v1/board"'), "0+1x60 60+300x540") },
  { ...page, name: "Guessing", expr: 'sum by (job, instance) (increase(millwright_hub_http_requests_total{code="429"}[10m])) > 20', hold: "0m", summary: "Somebody guesses tokens or passwords.", board: "millwright-defender", panel: "Too many wrong tries", faults: one("passwords are guessed", s("millwright_hub_http_requests_total", 'code="429",route="/api/v1/session"'), "0x60 0+10x540") },
  { ...ticket, name: "ConnectionsRefused", expr: "increase(millwright_hub_http_refused_total[15m]) > 20", hold: "1m", summary: "The hub refuses connections at its limit.", board: "millwright-defender", panel: "Connections refused", faults: one("somebody opens connections and never closes them", s("millwright_hub_http_refused_total"), "0x60 0+10x540") },
  { ...page, name: "HubErrors", expr: 'sum by (job, instance) (rate(millwright_hub_http_requests_total{code=~"5.."}[10m])) / sum by (job, instance) (rate(millwright_hub_http_requests_total[10m])) > 0.05', hold: "5m", summary: "One request in twenty fails.", board: "millwright-hub", panel: "Requests by code", faults: one("the database is locked by another program", s("millwright_hub_http_requests_total", 'code="500",route="/api/v1/board"'), "0x60 0+200x540") },
  { ...ticket, name: "HubSlow", expr: "histogram_quantile(0.99, sum by (job, instance, le) (rate(millwright_hub_http_seconds_bucket[10m]))) > 0.5", hold: "10m", summary: "The hub answers slowly.", board: "millwright-hub", panel: "Time to answer", faults: one("a report asks for a year of data all the time", s("millwright_hub_http_seconds_bucket", 'le="0.5"'), "0+600x60 36000+400x540") },
  { ...ticket, name: "HubMemory", expr: "millwright_hub_resident_bytes > 1e9", hold: "30m", summary: "The hub uses more than 1 GB.", board: "millwright-hub", panel: "Memory", faults: one("the hub leaks", s("millwright_hub_resident_bytes"), "60000000x60 1500000000x540") },
  { ...ticket, name: "DatabaseLarge", expr: "millwright_hub_database_bytes > 18e9", hold: "30m", summary: "The database nears its limit: the oldest telemetry goes next.", board: "millwright-hub", panel: "Database", faults: one("far more machines than planned", s("millwright_hub_database_bytes"), "1000000000x60 19000000000x540") },
  { ...ticket, name: "ConsolesDropped", expr: "increase(millwright_hub_stream_clients_dropped_total[1h]) > 50", hold: "10m", summary: "Consoles are dropped for being slow.", board: "millwright-hub", panel: "Slow consoles dropped", faults: one("a proxy buffers event streams", s("millwright_hub_stream_clients_dropped_total"), "0x60 0+3x540") },
];

/** Faults that rightly fire a second alert, too. */
export const kAlso: Record<string, string[]> = { "a plant's line is cut": ["GatewaysLost"] };
