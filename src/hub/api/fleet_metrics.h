// The fleet as Prometheus sees it: aggregates by site, never a series for each gateway. What one
// gateway does is asked for when somebody looks (docs/formats/metrics.md).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/time.h"
#include "hub/api/context.h"
#include "hub/labels/accuracy.h"
#include "metrics/registry.h"
#include "store/database.h"

namespace millwright::hub {

/// Owned by one thread, which runs Run; others tell it of scrapes.
class FleetMetrics {
 public:
  static constexpr size_t kSitesMax = 100;  // the largest ones; the rest counts as site "other"
  static constexpr size_t kModelsMax = 10;
  static constexpr size_t kCohortsMax = 50;
  static constexpr Nanos kRefreshEvery = 5 * kSecond;
  static constexpr int64_t kRestShare = 10;  // at least so many times as long as the last one took
  static constexpr Nanos kScrapedMax = 300 * kSecond;  // nobody reads: nothing is worked out

  /// Borrows both.
  FleetMetrics(metrics::Registry& registry, const ApiContext& context)
      : registry_(registry), context_(context) {}

  /// Until the stop: reads the fleet at once, then every few seconds while somebody scrapes. A
  /// scrape itself never waits for the database, however large the fleet.
  void Run(const std::stop_token& stop);
  /// A scrape came. Any thread.
  void Scraped() { scraped_ = context_.clock.Monotonic(); }
  /// Reads the fleet anew. One thread at a time.
  [[nodiscard]] Result<void> Refresh(store::Database& database);

 private:
  struct Shown {
    metrics::Gauge* gauge = nullptr;
    double next = 0;  // what is gone becomes 0
  };

  /// Several additions to one gauge within a refresh make a sum.
  void Add(std::string_view name, std::string_view help, const metrics::Labels& labels,
           double value);
  [[nodiscard]] Result<void> Sites(store::Database& database);
  [[nodiscard]] Result<void> Gateways(store::Database& database, Nanos now);
  [[nodiscard]] Result<void> Machines(store::Database& database, Nanos now);
  [[nodiscard]] Result<void> Alarms(store::Database& database, Nanos now);
  [[nodiscard]] Result<void> People(store::Database& database, Nanos now);
  [[nodiscard]] Result<void> Accuracy(store::Database& database, Nanos now);
  [[nodiscard]] Result<void> Delivery(store::Database& database);
  [[nodiscard]] const std::string& SiteLabel(const std::string& site) const;

  metrics::Registry& registry_;
  const ApiContext& context_;
  std::atomic<Nanos> scraped_{0};                          // monotonic
  std::map<std::string, std::string, std::less<>> sites_;  // -> its label
  std::map<std::string, Shown> shown_;                     // by name and labels
  FleetAccuracy accuracy_;
  std::array<int64_t, 4> said_{};  // what accuracy_ was worked out from
};

}  // namespace millwright::hub
