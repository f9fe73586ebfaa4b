// Tells people: finds what is new, matches it with routes, and sends what is due. One thread steps
// it; the API asks for tests and brings verdicts from others.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/mutex.h"
#include "core/result.h"
#include "hub/notify/deliveries.h"
#include "hub/notify/news.h"
#include "hub/notify/options.h"
#include "hub/notify/quiet.h"
#include "hub/notify/sender.h"
#include "os/clock.h"
#include "os/files.h"
#include "store/database.h"
#include "zone/time_zone.h"

namespace millwright::hub::notify {

/// A person's word on an alarm.
struct Verdict {
  enum class Word : uint8_t { kAcknowledged, kConfirmed, kRejected } word = Word::kAcknowledged;
  std::string device{}, alarm_key{};
  std::string who{}, note{};
};

struct NotifierParts {
  std::unique_ptr<store::Database> database{};  // migrated
  Options options{};
  os::Files& files;  // borrowed, as those below
  Zones& zones;
  Sender& sender;
  os::Clock& clock;
};

/// Thread-safe. At-least-once: what was claimed and not answered goes again, under the same id.
class Notifier {
 public:
  /// Reads secrets and zones, and queues again what a kill cut off. kInvalid, kNotFound.
  [[nodiscard]] static Result<std::unique_ptr<Notifier>> Make(NotifierParts parts);

  /// Considers what is new, then sends what is due until nothing is, or `stop`.
  void Step(const std::stop_token& stop = {});
  /// What is new, and what nobody judged in time, as deliveries.
  [[nodiscard]] Result<void> Consider();
  /// Sends what is due for longest; false where nothing is. Blocks as long as the receiver does.
  [[nodiscard]] Result<bool> SendOne();

  /// A message along a route, at once; the ids of its deliveries. kNotFound: no such route.
  [[nodiscard]] Result<std::vector<std::string>> Test(const std::string& route,
                                                      const std::string& who);
  /// Nobody else hears of this alarm, until it gets worse; one that is confirmed becomes a work
  /// order on the routes that want some, once. kNotFound: no such alarm.
  [[nodiscard]] Result<void> OnVerdict(const Verdict& verdict);

  [[nodiscard]] const Options& options() const { return options_; }

 private:
  explicit Notifier(NotifierParts parts);
  [[nodiscard]] Result<void> Open(os::Files& files, Zones& zones);
  /// Of one transaction: how many news there were.
  [[nodiscard]] Result<int64_t> ConsiderAlarms(Nanos now) MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> ConsiderOthers(Nanos now) MW_REQUIRES(mutex_);
  // An alarm and the route that told of it, whose next one is told unless somebody judges.
  struct Waiting {
    std::string device, key, route;
  };
  [[nodiscard]] Result<void> Escalate(Nanos now) MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> EscalateOne(const Waiting& one, Nanos now) MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> WaitToEscalate(const Waiting& one, Nanos due) MW_REQUIRES(mutex_);

  [[nodiscard]] Result<void> TellAll(const News& news, Nanos now) MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> Tell(const Route& route, const News& news, Nanos now)
      MW_REQUIRES(mutex_);
  /// Along one route to one receiver: gathered with others where it may be.
  [[nodiscard]] Result<Nanos> Place(Delivery like, const Route& route, const News& news, Nanos now)
      MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> AddEscalation(const Route& route, const News& news, Nanos from)
      MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> OrderWork(const Route& route, const News& news, Nanos now)
      MW_REQUIRES(mutex_);
  [[nodiscard]] Outcome Send(const Delivery& delivery);

  const Options options_;
  Sender& sender_;
  os::Clock& clock_;
  const Nanos started_;
  std::map<std::string, std::string, std::less<>> secrets_;  // by route; set by Open
  std::map<std::string, Quiet, std::less<>> quiet_;          // by route; set by Open
  Mutex mutex_;
  const std::unique_ptr<store::Database> database_;
  Deliveries deliveries_ MW_GUARDED_BY(mutex_);
  Nanos next_purge_ MW_GUARDED_BY(mutex_) = 0;
};

}  // namespace millwright::hub::notify
