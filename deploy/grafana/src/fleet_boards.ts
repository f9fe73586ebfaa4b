// What operators look at: the fleet, gateways, models, drift, rollouts.
import type { Board, View } from "./kit.js";

const spread = (metric: string, legend = "{{site}} {{stat}}") => ({ expr: `max by (site, stat) (${metric}{@s})`, legend });
const kStat = { kind: "stat" } as const;
const kLine = { kind: "timeseries" } as const;

const offline: View = {
  ...kStat, title: "Gateways not heard", unit: "short", limit: 1,
  about: "Gateways whose link is down or that have been silent for longer than 15 s.",
  act: "Open Devices in the console: which ones, since when, and what they had waiting. A whole plant at once is its network; one alone is its power or its broker. They go on deciding, and deliver when they are back.",
  queries: [{ expr: 'sum(millwright_fleet_gateways{@s,state="offline"})', legend: "not heard" }],
};
const accuracy: View = {
  ...kLine, title: "Accuracy by labels", unit: "percentunit",
  about: "Share of labelled decisions of 90 days that were right, by machine class, leaning on the class where labels are few.",
  act: "A class that falls: `millwright accuracy` names its gateways, with intervals. Ask for labels there before retraining.",
  queries: [{ expr: "max by (asset_class) (millwright_accuracy{@})", legend: "{{asset_class}}" }],
};
const risen: View = {
  ...kStat, title: "Gateways with more errors", unit: "short", limit: 1,
  about: "Gateways whose error rate has risen by their labels; a healthy one says so once in two million labels.",
  act: "`millwright accuracy` names them. One gateway: look for a sensor that has moved. Many of one class: retrain.",
  queries: [{ expr: "sum(millwright_gateways_errors_risen{@})", legend: "risen" }],
};

export const fleet: Board = {
  uid: "millwright-fleet", title: "Millwright / Fleet", about: "Is anything about to break, and do we see all of it?",
  views: [
    { ...kStat, title: "Gateways heard", unit: "short", about: "Gateways whose link is up and that were heard within 15 s.", act: "Compare with the number that is installed: a gateway that never came counts nowhere.", queries: [{ expr: 'sum(millwright_fleet_gateways{@s,state="online"})', legend: "heard" }] },
    offline,
    { ...kStat, title: "Act now", unit: "short", limit: 1, about: "Machines that need somebody this shift.", act: "Open the board: the machine, why, and what to do stand on its page.", queries: [{ expr: 'sum(millwright_fleet_machines{@s,state="act"})', legend: "act now" }] },
    { ...kStat, title: "Machines not known", unit: "short", limit: 1, about: "Machines without a current decision: never counted as healthy.", act: "Their gateway is not heard, or their sensors are silent: the machine's page tells which.", queries: [{ expr: 'sum(millwright_fleet_machines{@s,state="unknown"})', legend: "unknown" }] },
    { ...kLine, title: "Machines by state", unit: "short", about: "All machines by what is shown of them.", act: "A step from healthy to unknown is a lost link; to warning, look for one cause.", queries: [{ expr: "sum by (state) (millwright_fleet_machines{@s})", legend: "{{state}}" }] },
    { ...kLine, title: "Open alarms by level", unit: "short", about: "Alarms that have not cleared.", act: "Judge them in the inbox; many at once usually have one cause.", queries: [{ expr: "sum by (level) (millwright_fleet_alarms_open{@s})", legend: "{{level}}" }] },
    { ...kLine, title: "Alarms raised within an hour", unit: "short", limit: 10, about: "Alarms of the last hour by plant. Ten within ten minutes count as a flood.", act: "A flood: shelve by cause in the inbox, find what changed at that time.", queries: [{ expr: "sum by (site) (millwright_fleet_alarms_raised_last_hour{@s})", legend: "{{site}}" }] },
    { ...kLine, title: "Readings missing within a day", unit: "short", about: "Readings that gateways declared missing, by plant: a sensor, the plant's broker, or an agent that was down.", act: "The machine's page draws each gap and names its cause.", queries: [{ expr: "sum by (site) (millwright_fleet_readings_missing_last_day{@s})", legend: "{{site}}" }] },
  ],
};

export const gateway: Board = {
  uid: "millwright-gateway", title: "Millwright / Gateways", about: "Which gateways are unwell, and how? One gateway in detail is on its page of the console.",
  views: [
    offline,
    { ...kStat, title: "Longest silence", unit: "s", limit: 3600, about: "Since the gateway that is silent longest was heard.", act: "Devices in the console, by last heard. Its queue holds what it has decided since.", queries: [{ expr: 'max(millwright_fleet_silent_seconds{@s,stat="max"})', legend: "silent" }] },
    { ...kStat, title: "Certificates that end within a week", unit: "short", limit: 1, about: "Gateways that renew by themselves after two thirds of their certificate's life: these have not.", act: "The gateway reaches its broker and not the hub's HTTPS, or its clock is wrong: `millwright doctor` there tells.", queries: [{ expr: 'max(millwright_certificates_expiring{@,within="7d"})', legend: "within 7 days" }] },
    { ...kStat, title: "Slowest gateway", unit: "s", limit: 0.05, about: "The largest of the gateways' own 99th percentiles from reading to decision. The promise is 50 ms.", act: "Devices in the console by p99: another program on that board, or more machines than it can carry.", queries: [{ expr: 'max(millwright_fleet_decision_p99_seconds{@s,stat="max"})', legend: "p99" }] },
    { ...kLine, title: "Reading to decision", unit: "s", about: "Gateways' own 99th percentiles, as quantiles over the gateways of a plant.", act: "All of a plant slower: a new model. One alone: its board.", queries: [spread("millwright_fleet_decision_p99_seconds")] },
    { ...kLine, title: "Records that wait", unit: "short", about: "Events and telemetry that gateways hold until the hub has them, as quantiles over the gateways.", act: "Grows while a link is down. Grows with the link up: the hub commits too slowly, or refuses.", queries: [spread("millwright_fleet_outbox_records")] },
    { ...kLine, title: "Agent's memory", unit: "bytes", about: "Resident memory of the agents, as quantiles over the gateways.", act: "It is bounded; steady growth is a fault of ours: report it with the gateway's log.", queries: [spread("millwright_fleet_resident_bytes")] },
    { ...kLine, title: "Readings dropped and refused", unit: "short", about: "Since the agents started: readings dropped for want of time, payloads that could not be read.", act: "Refused: a sensor speaks another format, the agent's log names the topic. Dropped: the board is too slow for its machines.", queries: [{ expr: "sum by (site) (millwright_fleet_dropped_readings{@s})", legend: "{{site}} dropped" }, { expr: "sum by (site) (millwright_fleet_rejected_payloads{@s})", legend: "{{site}} refused" }] },
    { ...kLine, title: "Telemetry given up", unit: "short", limit: 1, about: "Records that a full queue gave up, telemetry before events; each is declared as a gap.", act: "The link is down for longer than the queue is large: enlarge `outbox` in the agent's configuration, or mend the link.", queries: [{ expr: "sum by (site) (millwright_fleet_evicted_records{@s})", legend: "{{site}}" }] },
  ],
};

export const quality: Board = {
  uid: "millwright-quality", title: "Millwright / Inference and model quality", about: "How right and how fast are decisions, and which model makes them?",
  views: [
    accuracy,
    { ...kLine, title: "Alarms that were real", unit: "percentunit", about: "Of the judged alarms of 90 days, those of unknown cause left out.", act: "Under a half: people stop believing. Look at the reasons in the inbox: process change asks for retraining, sensor fault for a technician.", queries: [{ expr: "sum(millwright_inbox_real_alarms{@}) / (sum(millwright_inbox_known_alarms{@}) > 0)", legend: "real" }] },
    { ...kLine, title: "Scores of machines", unit: "percentunit", about: "Scores of machines that are current, as quantiles over the machines of a plant.", act: "The median rises for a whole plant: the process has changed, or the model does not fit it.", queries: [spread("millwright_fleet_score")] },
    { ...kLine, title: "Gateways by model", unit: "short", about: "Which model decides on how many gateways; ten at most, the rest together.", act: "More than two for weeks: a rollout did not end, see Rollouts.", queries: [{ expr: "sum by (model) (millwright_fleet_models{@})", legend: "{{model}}" }] },
    { ...kLine, title: "Decisions", unit: "short", about: "Decisions since the agents started, by plant: falls when one starts anew.", act: "A line that stays level: nothing is decided there.", queries: [{ expr: "sum by (site) (millwright_fleet_decisions{@s})", legend: "{{site}}" }] },
    { ...kLine, title: "Worst decision time", unit: "s", limit: 0.05, about: "The largest 99th percentile of each plant against the promise of 50 ms.", act: "See Gateways, Reading to decision.", queries: [{ expr: 'max by (site) (millwright_fleet_decision_p99_seconds{@s,stat="max"})', legend: "{{site}}" }] },
  ],
};

export const drift: Board = {
  uid: "millwright-drift", title: "Millwright / Drift and retraining", about: "Does what the models learned still hold?",
  views: [
    risen,
    { ...kStat, title: "Labels of 90 days", unit: "short", about: "Labels that count for accuracy.", act: "Few labels: nothing can be promised. The inbox has what is to be judged.", queries: [{ expr: "sum(millwright_labels{@})", legend: "labels" }] },
    { ...kStat, title: "Real alarms", unit: "short", about: "Alarms of 90 days that people confirmed.", act: "None in a quarter: either nothing breaks, or the models are deaf; work orders as labels tell which.", queries: [{ expr: "sum(millwright_inbox_real_alarms{@})", legend: "real" }] },
    { ...kStat, title: "Median score", unit: "percentunit", limit: 0.5, about: "The middle score over all machines that are current: near zero while most are healthy.", act: "High: most machines look ill to their model, so the model is wrong.", queries: [{ expr: 'max(millwright_fleet_score{@s,stat="p50"})', legend: "median" }] },
    accuracy,
    { ...kLine, title: "Errors risen over time", unit: "short", about: "Gateways whose errors have risen, by labels.", act: "See Gateways with more errors.", queries: [{ expr: "sum(millwright_gateways_errors_risen{@})", legend: "gateways" }] },
    { ...kLine, title: "Median score by plant", unit: "percentunit", about: "A plant whose median moves has changed as a whole.", act: "A new product, season or supplier there: label some healthy hours and retrain.", queries: [{ expr: 'max by (site) (millwright_fleet_score{@s,stat="p50"})', legend: "{{site}}" }] },
  ],
};

export const rollout: Board = {
  uid: "millwright-rollout", title: "Millwright / Rollouts", about: "Do new models arrive, and are they better?",
  views: [
    { ...kStat, title: "Rollouts halted", unit: "short", limit: 1, about: "Rollouts that stopped themselves.", act: "Rollouts in the console: the reason stands there in words. Reverse, or abort.", queries: [{ expr: 'sum(millwright_rollouts{@,state="halted"}) or vector(0)', legend: "halted" }] },
    { ...kStat, title: "Rollouts that wait", unit: "short", about: "Rollouts that wait for a person's word.", act: "Read the evidence and approve, or abort.", queries: [{ expr: 'sum(millwright_rollouts{@,state="waiting"}) or vector(0)', legend: "waiting" }] },
    { ...kStat, title: "Delivery connected", unit: "short", about: "1 while the hub's delivery reaches its broker.", act: "0: the hub's log names the broker and why.", queries: [{ expr: "min(millwright_hub_delivery_connected{@})", legend: "connected" }] },
    { ...kStat, title: "Trust ends in", unit: "s", about: "Until the first signed document of the repository expires; gateways keep what they have, and take nothing new.", act: "`millwright doctor` names the role; sign it anew with `millwright keys`.", queries: [{ expr: "min(millwright_trust_expires_seconds{@})", legend: "first" }] },
    { ...kLine, title: "Rollouts by state", unit: "short", about: "All rollouts by where they stand.", act: "Halted: see above.", queries: [{ expr: "sum by (state) (millwright_rollouts{@})", legend: "{{state}}" }] },
    { ...kLine, title: "Gateways under way", unit: "short", about: "Gateways of rollouts that have not ended, by the status of their job.", act: "FAILED or REJECTED: the rollout's page has each gateway's own words.", queries: [{ expr: "sum by (status) (millwright_rollout_gateways{@}) or vector(0)", legend: "{{status}}" }] },
    { ...kLine, title: "Requests of gateways", unit: "reqps", about: "Jobs and file blocks that gateways ask for.", act: "None while a rollout runs: the broker's access rules, or its prefix.", queries: [{ expr: "sum(rate(millwright_hub_delivery_requests_total{@}[$__rate_interval]))", legend: "requests" }, { expr: "sum(rate(millwright_hub_delivery_blocks_total{@}[$__rate_interval]))", legend: "blocks" }] },
    { ...kLine, title: "Answers that could not be sent", unit: "ops", about: "Answers to gateways that the broker did not take; they ask again.", act: "The broker is overloaded or away: its log.", queries: [{ expr: "sum(rate(millwright_hub_delivery_unsent_total{@}[$__rate_interval]))", legend: "unsent" }] },
  ],
};
