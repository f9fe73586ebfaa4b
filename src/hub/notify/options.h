// Who is told what: the routes of hub.toml (docs/formats/notify.md).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"

namespace millwright::hub::notify {

/// As wire::Level, which stands in the database.
enum class Level : uint8_t { kNone = 0, kWatch = 1, kWarning = 2, kAct = 3 };
/// "none", "watch", "warning", "act": for programs.
[[nodiscard]] std::string_view Name(Level level);
/// The same for people: "act now".
[[nodiscard]] std::string_view Words(Level level);

enum class Kind : uint8_t {
  kRaised,     // an alarm
  kWorse,      // an alarm went up
  kGateway,    // is not heard
  kRollout,    // halted by itself
  kWorkOrder,  // a person confirmed an alarm
  kTest,       // an operator asked for it
};
/// "alarm_raised", "alarm_worse", "gateway_not_heard", "rollout_halted", "work_order", "test".
[[nodiscard]] std::string_view Name(Kind kind);
/// Those that a route may ask for, by name; nothing for others.
[[nodiscard]] std::optional<Kind> KindOf(std::string_view name);

/// Hours of the day, on the clock on the plant's wall, in which a route is silent.
struct QuietHours {
  std::string zone = "UTC";
  int from_min = 0, to_min = 0;  // of the day; the same: never quiet
};

struct Route {
  std::string name{};
  std::vector<std::string> sites{};  // empty: all
  Level level_min = Level::kWatch;
  std::vector<Kind> kinds{};
  std::vector<std::string> emails{};  // addresses; or
  std::string webhook{};              // a URL
  std::string secret_file{};          // of the webhook's signature
  QuietHours quiet{};
  bool act_breaks_quiet = true;
  std::string escalate_to{};  // a route; empty: nobody
  Nanos escalate_after = 0;
  bool only_escalations = false;
  Nanos group = 20 * kSecond;   // alarms of one cause within it are one message
  int64_t storm_max = 10;       // messages to a receiver within
  Nanos storm = 600 * kSecond;  // this; what is beyond is counted in one more

  [[nodiscard]] bool Wants(Kind kind) const;
};

struct SmtpOptions {
  std::string host{};  // empty: no e-mail
  int port = 587;
  enum class Tls : uint8_t { kNone, kStartTls, kTls } tls = Tls::kStartTls;
  std::string username{}, password_file{}, ca_file{}, from{};
  Nanos timeout = 30 * kSecond;
};

struct Options {
  SmtpOptions smtp{};
  std::vector<Route> routes{};
  std::map<std::string, std::string, std::less<>> assets{};  // "site/asset": maintenance's own id
  std::string console{};  // URL that messages point at; empty: none
  std::string webhook_ca_file{};
  Nanos webhook_timeout = 10 * kSecond;
  Nanos gateway_silent = 300 * kSecond;  // a gateway is told of after so long without a word
  Nanos late_max = 86'400 * kSecond;     // what is older when it arrives is not told
  Nanos give_up = 86'400 * kSecond;      // no more tries after
  Nanos backoff_min = 5 * kSecond, backoff_max = 900 * kSecond;
  int64_t rows_max = 10'000;  // deliveries kept; half as many may wait

  [[nodiscard]] bool enabled() const { return !routes.empty(); }
  [[nodiscard]] const Route* Find(std::string_view route) const;
};

/// Rules between routes: names are given once, escalations end, e-mail has a server. The first
/// fault as "route: key: what"; `key` is empty where it is the route as a whole.
struct RouteFault {
  size_t route = 0;
  std::string key{}, what{};
};
[[nodiscard]] std::vector<RouteFault> FaultsOf(const Options& options);

/// One address, "ana@plant.example": no display name, nothing that could end a header.
[[nodiscard]] bool IsAddress(std::string_view text);
/// https://HOST..., or http:// on the loopback; no user name, no blanks.
[[nodiscard]] bool IsWebhookUrl(std::string_view text);
/// "https://host" of a URL: paths and queries of webhooks are often secrets.
[[nodiscard]] std::string ShownUrl(std::string_view url);

}  // namespace millwright::hub::notify
