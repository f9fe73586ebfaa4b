// The fleet as Prometheus sees it: aggregates by site, never a series for each gateway. What one
// gateway does is asked for when somebody looks (docs/formats/metrics.md).
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/time.h"
#include "hub/api/context.h"
#include "metrics/registry.h"
#include "store/database.h"

namespace millwright::hub {

/// Thread-safe as far as its caller is: one scrape at a time.
class FleetMetrics {
 public:
  static constexpr size_t kSitesMax = 100;  // the largest ones; the rest counts as site "other"
  static constexpr size_t kModelsMax = 10;
  static constexpr size_t kCohortsMax = 50;
  static constexpr Nanos kRefreshEvery = 5 * kSecond;

  /// Borrows both.
  FleetMetrics(metrics::Registry& registry, const ApiContext& context)
      : registry_(registry), context_(context) {}

  /// Reads the fleet anew where the last time is some seconds ago.
  [[nodiscard]] Result<void> Refresh(store::Database& database);

 private:
  void Set(std::string_view name, std::string_view help, const metrics::Labels& labels,
           double value);
  [[nodiscard]] Result<void> Sites(store::Database& database);
  [[nodiscard]] Result<void> Gateways(store::Database& database, Nanos now);
  [[nodiscard]] Result<void> Machines(store::Database& database, Nanos now);
  [[nodiscard]] Result<void> Alarms(store::Database& database, Nanos now);
  [[nodiscard]] Result<void> People(store::Database& database, Nanos now);
  [[nodiscard]] Result<void> Delivery(store::Database& database);
  [[nodiscard]] const std::string& SiteLabel(const std::string& site) const;

  metrics::Registry& registry_;
  const ApiContext& context_;
  Nanos refreshed_ = 0;                                    // monotonic
  std::map<std::string, std::string, std::less<>> sites_;  // -> its label
  std::map<std::string, metrics::Gauge*> set_;  // by name and labels: what is gone becomes 0
  std::map<std::string, double> next_;
};

}  // namespace millwright::hub
