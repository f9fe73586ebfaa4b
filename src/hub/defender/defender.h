// Device Defender at the hub: what gateways report, whether it is normal, and who is told.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/mutex.h"
#include "core/result.h"
#include "core/time.h"
#include "defender/detect.h"
#include "defender/report.h"
#include "hub/defender/documents.h"
#include "hub/defender/targets.h"
#include "hub/defender/violations.h"
#include "os/clock.h"
#include "store/database.h"

namespace millwright::hub {

struct DefenderOptions {
  Nanos period_min = 10 * kSecond;  // between reports of one device; sooner is Throttled
  Nanos reports_kept = 14LL * 86'400 * kSecond;
  Nanos violations_kept = 30LL * 86'400 * kSecond;
  int64_t reports_max = 5'000'000;  // rows; the oldest go first
  defender::DetectLimits detect{};
};

/// One message on .../defender/metrics/{json,cbor}. Borrowed.
struct IncomingReport {
  std::string_view thing;
  defender::Encoding encoding = defender::Encoding::kJson;
  std::span<const std::byte> payload;
};
struct ReportAnswer {
  bool accepted = false;
  std::vector<std::byte> payload;
};

/// Written under the lock, read by any.
struct DefenderCounts {
  std::atomic<uint64_t> accepted = 0, malformed = 0, throttled = 0, failed = 0;  // reports
  std::atomic<uint64_t> begun = 0, ended = 0;                                    // violations
};

struct MetricDatum {
  Nanos at = 0;
  defender::MetricValue value;
};

/// Thread-safe: the broker's thread and the API's share one.
class Defender {
 public:
  /// Owns its connection; borrows the clock. The database is migrated already.
  Defender(std::unique_ptr<store::Database> database, os::Clock& clock,
           DefenderOptions options = {});

  /// Profiles, targets and what is in alarm. Before anything else.
  [[nodiscard]] Result<void> Load();

  /// Judges and keeps all of them in one transaction; an answer for each, in order. An error: none
  /// of it has happened.
  [[nodiscard]] Result<std::vector<ReportAnswer>> TakeReports(
      std::span<const IncomingReport> reports);
  /// Every second or so: ends what is silent, lets go what is old.
  [[nodiscard]] Result<void> Step();

  /// Runs `work` in one transaction under the lock.
  using Work = std::function<Result<void>(store::Database&)>;
  [[nodiscard]] Result<void> Change(const Work& work);
  /// The same without a commit: for questions.
  [[nodiscard]] Result<void> Ask(const Work& work);

  /// A profile with what it judges; `body` is JSON with `behaviors`. Checked before it is kept.
  [[nodiscard]] Result<Document> CreateProfile(const Document& profile);
  [[nodiscard]] Result<Document> UpdateProfile(const Document& profile,
                                               std::optional<int64_t> expected);
  [[nodiscard]] Result<void> DeleteProfile(const std::string& name,
                                           std::optional<int64_t> expected);
  [[nodiscard]] Result<void> Attach(const std::string& profile, const std::string& target);
  [[nodiscard]] Result<void> Detach(const std::string& profile, const std::string& target);
  [[nodiscard]] std::vector<std::string> TargetsOf(std::string_view profile);
  [[nodiscard]] std::vector<std::string> ProfilesFor(std::string_view target);

  /// Newest first, from `begin` up to and with `end`; `after`: the time of the last one told.
  [[nodiscard]] Result<Page<MetricDatum>> MetricValues(const std::string& thing,
                                                       const std::string& metric, Nanos begin,
                                                       Nanos end, const std::string& after,
                                                       int limit);

  [[nodiscard]] const DefenderCounts& counts() const { return counts_; }
  /// Violations that are active, by profile; a profile without any is there too.
  [[nodiscard]] Result<std::map<std::string, int64_t>> ActiveByProfile();
  [[nodiscard]] Nanos now() const { return clock_.Utc(); }

 private:
  struct Judged {
    std::vector<ReportAnswer> answers;
    uint64_t accepted = 0, malformed = 0, throttled = 0, begun = 0, ended = 0;
  };
  [[nodiscard]] Result<void> LoadProfiles() MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> TakeOne(const IncomingReport& report, Judged& out) MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> Keep(const IncomingReport& report, const defender::Report& read,
                                  Nanos now, Judged& out) MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> LetGo(Nanos now) MW_REQUIRES(mutex_);

  Mutex mutex_;
  const std::unique_ptr<store::Database> database_;
  os::Clock& clock_;
  const DefenderOptions options_;
  defender::Detect detect_ MW_GUARDED_BY(mutex_);
  TargetTable targets_ MW_GUARDED_BY(mutex_);
  Nanos next_forget_ MW_GUARDED_BY(mutex_) = 0, next_purge_ MW_GUARDED_BY(mutex_) = 0;
  DefenderCounts counts_;
};

}  // namespace millwright::hub
