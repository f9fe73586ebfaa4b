// Schedules and maintenance windows as the hub tells them. Zones are not looked up here: only one is wrong.
const kDayMs = 86_400_000;
const kWindow = { days: ["sat", "sun"], from: "22:00", to: "04:00" };

export class MockSchedules {
  constructor(rollouts) {
    this.rollouts = rollouts;
    const now = Date.now();
    this.all = new Map([
      ["monthly", {
        name: "monthly", line: "gearbox", every_days: 30, first_day: "2026-11-01", at: "22:00", zone: "Europe/Berlin", sites: ["birch"],
        policy: { waves: [0.1, 0.5, 1], success_share: 0.9, failure_share: 0.05, failures_min: 1, wave_min_s: 600, approval: true },
        paused: false, next_ms: now + 3 * kDayMs, created_ms: now - 90 * kDayMs, created_by: "ana", last_ms: now - 27 * kDayMs, outcome: "nothing_new",
        words: "every gateway there has had gearbox-lstm 8, the newest release", rollout: "r-9",
      }],
    ]);
    this.sites = new Map([["birch", { zone: "Europe/Berlin", windows: [kWindow] }]]);
  }

  problem = (status, code, detail) => [status, { type: "about:blank", title: detail, detail, status, code }];
  list = () => ({ now_ms: Date.now(), schedules: [...this.all.values()].sort((a, b) => (a.name < b.name ? -1 : 1)) });
  windows = () => ({
    now_ms: Date.now(),
    sites: [...this.sites].map(([site, calendar]) => ({ site, calendar, open: false, changes_ms: Date.now() + 2 * kDayMs })),
  });

  get(kind, [name, what]) {
    if (kind === "maintenance") return this.windows();
    if (!name) return this.list();
    const one = this.all.get(name);
    return one && what === "plan" ? this.plan(one) : undefined;
  }

  /** The plan of a schedule: what a dry run of the newest release says, each plant when its window opens. */
  plan({ line, sites, policy, next_ms }) {
    const rollouts = this.rollouts();
    const release = rollouts.releases.filter((one) => one.line === line).sort((a, b) => b.release - a.release)[0];
    const [status, answer] = rollouts.start({ target: release?.target, policy, sites, dry_run: true }, this.problem);
    if (status !== 200) return { at_ms: next_ms, outcome: status === 409 ? "waits" : "nothing_new", words: answer.detail, rollout: null };
    for (const one of answer.members) one.offered_from_ms = next_ms + (this.sites.has(one.site) ? kDayMs : 0);
    return { at_ms: next_ms, outcome: "started", words: `${release.name} ${release.version} to ${answer.members.length} gateways`, rollout: answer };
  }

  /** Answers as [status, body]. */
  post(kind, [name, action], body) {
    if (body.zone === "Nowhere") return this.problem(400, "invalid", 'time zone: there is no "Nowhere" in /usr/share/zoneinfo');
    if (kind === "maintenance") {
      if (body.windows.length > 0) this.sites.set(name, body);
      else this.sites.delete(name);
      return [200, this.windows()];
    }
    if (!name) {
      if (!/^[a-z0-9_-]+$/.test(body.name)) return this.problem(400, "invalid", "schedule.name: is no name of up to 64 lower-case letters, digits, '-' and '_'");
      const now = Date.now();
      const set = {
        first_day: "2026-12-24", paused: false, next_ms: now + body.every_days * kDayMs, created_ms: now, created_by: "ana", last_ms: null, outcome: "none", words: "", rollout: "", ...body,
      };
      this.all.set(set.name, set);
      return [200, set];
    }
    const one = this.all.get(name);
    if (!one) return this.problem(404, "not_found", `schedule: there is no "${name}"`);
    if (action === "remove") this.all.delete(name);
    else one.paused = action === "pause";
    return [200, this.list()];
  }
}
