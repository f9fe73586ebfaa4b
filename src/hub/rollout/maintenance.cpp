#include "hub/rollout/maintenance.h"

#include "core/ids.h"
#include "core/log.h"
#include "store/audit.h"

namespace millwright::hub {

Result<void> Maintenance::Load() {
  const MutexLock writing(writing_);
  auto calendars = std::make_shared<Calendars>();
  MW_TRY(database_->Each(
      "SELECT site, windows FROM site_windows ORDER BY site", {}, [&](const store::Row& row) {
        const std::string site(row.Text(0));
        auto windows = ReadWindows(row.Text(1));
        auto zone = windows
                        ? zones_.Find(windows->zone)
                        : Result<std::shared_ptr<const TimeZone>>(tl::unexpected(windows.error()));
        if (!zone) {
          log::Failure("maintenance", zone.error());
          windows = SiteWindows{};
          zone = std::make_shared<const TimeZone>(TimeZone::Utc());
        }
        windows->site = site;
        calendars->emplace(site, Calendar(std::move(*windows), std::move(*zone)));
      }));
  const MutexLock lock(mutex_);
  calendars_ = std::move(calendars);
  return {};
}

Result<void> Maintenance::Set(const SiteWindows& windows, const std::string& who) {
  MW_TRY(const std::shared_ptr<const TimeZone> zone, zones_.Find(windows.zone));
  const MutexLock writing(writing_);
  MW_TRY(Write(windows, who));
  const MutexLock lock(mutex_);
  auto calendars = std::make_shared<Calendars>(*calendars_);
  calendars->erase(windows.site);
  if (!windows.windows.empty()) calendars->emplace(windows.site, Calendar(windows, zone));
  calendars_ = std::move(calendars);
  return {};
}

Result<void> Maintenance::Write(const SiteWindows& windows, const std::string& who) {
  const std::string text = WriteWindows(windows);
  const Nanos now = clock_.Utc();
  MW_TRY(store::Transaction transaction, database_->Begin());
  MW_TRY(database_->Run("DELETE FROM site_windows WHERE site = $1", {windows.site}));
  if (!windows.windows.empty())
    MW_TRY(database_->Run(
        "INSERT INTO site_windows (site, windows, changed_ns, changed_by) VALUES ($1, $2, $3, $4)",
        {windows.site, text, now, who}));
  MW_TRY(store::WriteAudit(
      *database_, now,
      {.who = who,
       .what = windows.windows.empty() ? "maintenance windows removed" : "maintenance windows set",
       .subject = windows.site,
       .detail = text}));
  return transaction.Commit();
}

std::shared_ptr<const Calendars> Maintenance::calendars() const {
  const MutexLock lock(mutex_);
  return calendars_;
}

}  // namespace millwright::hub
