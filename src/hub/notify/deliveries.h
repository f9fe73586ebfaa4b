// The durable queue: one row is one message to one receiver.
//
//   gathering --due--> sending --answered--> sent
//   queued    --due--> sending --refused, or no more time--> failed
//                      sending --not answered--> queued (later each time)
//
// A row that is found sending when the hub starts was cut off by a kill: whether the receiver got
// it is not known, so it goes again under the same id, by which the receiver can tell.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "hub/notify/news.h"
#include "hub/notify/options.h"
#include "store/database.h"

namespace millwright::hub::notify {

enum class State : uint8_t { kGathering, kQueued, kSending, kSent, kFailed };
/// "gathering", "queued", "sending", "sent", "failed".
[[nodiscard]] std::string_view Name(State state);

enum class Channel : uint8_t { kEmail, kWebhook, kWorkOrder };
/// "email", "webhook", "work_order".
[[nodiscard]] std::string_view Name(Channel channel);

inline constexpr size_t kItemsMax = 50;                  // named in a message; more are counted
inline constexpr std::string_view kDigest = "digest";    // of quiet hours
inline constexpr std::string_view kSummary = "summary";  // of a storm

struct Delivery {
  std::string id{};    // 32 hex digits, the same for every attempt
  int64_t number = 0;  // in the order in which they were made
  std::string route{};
  Channel channel = Channel::kEmail;
  std::string target{};  // an address or a URL
  std::string cause{};
  std::string kind{};  // of its first item; or kDigest, kSummary
  Level level = Level::kNone;
  std::string site{};  // of its first item
  std::vector<News> items{};
  int64_t count = 0;  // of items, those that are not named too
  State state = State::kQueued;
  int64_t attempts = 0;
  std::string attempt{};
  Nanos created = 0, due = 0, give_up = 0, updated = 0;
  std::string error{};
};

/// How an attempt went.
struct Outcome {
  enum class What : uint8_t {
    kSent,     // the receiver took it
    kRefused,  // it will never take it
    kAgain     // no answer, or one that asks for patience
  } what = What::kSent;
  std::string error{};
};

struct Backoff {
  Nanos min = 0, max = 0;
  /// After the n-th attempt, from 1: min, twice that, ... max.
  [[nodiscard]] Nanos After(int64_t attempts) const;
};

/// All in the caller's transaction where there is one.
class Deliveries {
 public:
  /// Borrows both.
  Deliveries(store::Database& database, const Options& options)
      : database_(database), options_(options) {}

  /// A new row, gathering or queued. Where too many are open, the oldest open one fails.
  [[nodiscard]] Result<void> Insert(const Delivery& delivery);
  /// The gathering row of this cause and receiver.
  [[nodiscard]] Result<std::optional<Delivery>> Gathering(const Delivery& like);
  [[nodiscard]] Result<void> Append(Delivery to, const News& news, Nanos now);
  /// Messages to this receiver made after `since`; digests, summaries, tests and work orders are
  /// none.
  [[nodiscard]] Result<int64_t> CountSince(const Delivery& like, Nanos since);
  /// The one that is due for longest, now sending, under a new attempt.
  [[nodiscard]] Result<std::optional<Delivery>> Claim(Nanos now);
  /// Of a claimed one. Where its receiver did not answer, what else waits for it waits as long.
  [[nodiscard]] Result<void> Finish(const Delivery& claimed, const Outcome& outcome, Nanos now);
  /// What a kill cut off is queued again. The number of them.
  [[nodiscard]] Result<int64_t> Recover(Nanos now);
  /// Forgets what is over beyond the limit, and marks that nobody needs any more.
  [[nodiscard]] Result<void> Purge(Nanos now);

 private:
  [[nodiscard]] Result<void> MakePlace(Nanos now);

  store::Database& database_;
  const Options& options_;
};

/// Newest first.
[[nodiscard]] Result<std::vector<Delivery>> LoadDeliveries(store::Database& database,
                                                           int64_t limit);
struct DeliveryCounts {
  int64_t waiting = 0, sent = 0, failed = 0;
};
[[nodiscard]] Result<DeliveryCounts> CountDeliveries(store::Database& database);

}  // namespace millwright::hub::notify
