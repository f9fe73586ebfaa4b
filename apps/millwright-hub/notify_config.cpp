#include "notify_config.h"

#include <charconv>
#include <optional>

namespace millwright::hub {
namespace {

using notify::Kind;
using notify::Level;
using notify::Route;
using notify::SmtpOptions;

constexpr int64_t kRoutesMax = 100;
constexpr size_t kReceiversMax = 50;
constexpr size_t kAssetsMax = 100'000;

bool IsLoopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

void ReadSmtp(config::Table table, SmtpOptions& out) {
  if (!table.present()) return;
  out.host = table.String("host");
  const std::string tls = table.OneOf("tls", {"starttls", "tls", "none"}, "starttls");
  out.tls = tls == "tls"    ? SmtpOptions::Tls::kTls
            : tls == "none" ? SmtpOptions::Tls::kNone
                            : SmtpOptions::Tls::kStartTls;
  const int64_t port = tls == "tls" ? 465 : 587;
  out.port = static_cast<int>(table.Integer("port", {.fallback = port, .min = 1, .max = 65535}));
  out.username = table.String("username", "");
  out.password_file = table.String("password_file", "");
  out.ca_file = table.String("ca_file", "");
  out.from = table.String("from");
  out.timeout = FromSeconds(table.Number("timeout_s", {.fallback = 30, .min = 1, .max = 300}));
  if (out.host.find_first_of("/@ \t\r\n[]") != std::string::npos)
    table.Fault("host", "is no name or address of a server");
  if (out.tls == SmtpOptions::Tls::kNone && !IsLoopback(out.host))
    table.Fault("tls", "must not be \"none\" for a server that is not on the loopback");
  if (!out.from.empty() && !notify::IsAddress(out.from))
    table.Fault("from", "\"" + out.from + "\" is no address such as hub@plant.example");
  if (out.username.empty() != out.password_file.empty())
    table.Fault(out.username.empty() ? "username" : "password_file",
                "username and password_file go together");
}

std::optional<int> DayTime(std::string_view text) {
  const auto number = [](std::string_view digits) {
    int value = -1;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc{} && end == digits.data() + digits.size() ? value : -1;
  };
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const int hours = number(text.substr(0, 2));
  const int minutes = number(text.substr(3));
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  return hours * 60 + minutes;
}

void ReadQuiet(config::Table& table, Route& route) {
  route.quiet.zone = table.String("zone", "UTC");
  route.act_breaks_quiet = table.Boolean("act_breaks_quiet", true);
  if (table.Has("quiet_from") != table.Has("quiet_to"))
    table.Fault(table.Has("quiet_from") ? "quiet_from" : "quiet_to",
                "quiet_from and quiet_to go together");
  const auto read = [&](const char* key, int& out) {
    if (!table.Has(key)) return;
    const auto time = DayTime(table.String(key));
    if (time)
      out = *time;
    else
      table.Fault(key, "must be HH:MM, from 00:00 to 23:59");
  };
  read("quiet_from", route.quiet.from_min);
  read("quiet_to", route.quiet.to_min);
}

void ReadKinds(config::Table& table, Route& route) {
  route.kinds = {Kind::kRaised, Kind::kWorse, Kind::kGateway, Kind::kRollout};
  if (!table.Has("kinds")) return;
  route.kinds.clear();
  for (const std::string& name : table.Strings("kinds")) {
    const auto kind = notify::KindOf(name);
    if (kind)
      route.kinds.push_back(*kind);
    else
      table.Fault("kinds", "\"" + name +
                               "\" is none of alarm_raised, alarm_worse, gateway_not_heard, "
                               "rollout_halted, work_order");
  }
}

Route ReadRoute(config::Table& table) {
  Route route;
  route.name = table.Id("name");
  if (table.Has("sites")) route.sites = table.Strings("sites");
  const std::string level = table.OneOf("level", {"watch", "warning", "act"}, "watch");
  route.level_min = level == "act"       ? Level::kAct
                    : level == "warning" ? Level::kWarning
                                         : Level::kWatch;
  ReadKinds(table, route);
  if (table.Has("email")) route.emails = table.Strings("email");
  if (route.emails.size() > kReceiversMax) table.Fault("email", "has more than 50 addresses");
  route.webhook = table.String("webhook", "");
  route.secret_file = table.String("secret_file", "");
  ReadQuiet(table, route);
  route.escalate_to = table.String("escalate_to", "");
  route.escalate_after =
      FromSeconds(60 * table.Number("escalate_min", {.fallback = 30, .min = 0.01, .max = 10'080}));
  route.only_escalations = table.Boolean("only_escalations", false);
  route.group = FromSeconds(table.Number("group_s", {.fallback = 20, .min = 0, .max = 3600}));
  route.storm_max = table.Integer("storm_max", {.fallback = 10, .min = 1, .max = 1000});
  route.storm =
      FromSeconds(60 * table.Number("storm_min", {.fallback = 10, .min = 0.01, .max = 1440}));
  return route;
}

void ReadAssets(config::Table table, notify::Options& out) {
  if (!table.present()) return;
  const std::vector<std::string> keys = table.Keys();
  if (keys.size() > kAssetsMax) table.Fault("", "has more than 100000 machines");
  for (const std::string& key : keys) {
    if (key.find('/') == std::string::npos) table.Fault(key, "must be \"SITE/ASSET\" = \"ID\"");
    out.assets[key] = table.String(key);
  }
}

}  // namespace

void ReadNotify(config::Table table, notify::Options& out) {
  if (!table.present()) return;
  ReadSmtp(table.OptionalSection("smtp"), out.smtp);
  ReadAssets(table.OptionalSection("assets"), out);
  out.console = table.String("console", "");
  if (!out.console.empty() && !out.console.starts_with("https://") &&
      !out.console.starts_with("http://"))
    table.Fault("console", "must be an address such as https://hub.plant.example");
  out.webhook_ca_file = table.String("webhook_ca_file", "");
  const auto seconds = [&](const char* key, double fallback, double min, double max) {
    return FromSeconds(table.Number(key, {.fallback = fallback, .min = min, .max = max}));
  };
  out.webhook_timeout = seconds("webhook_timeout_s", 10, 0.1, 120);
  out.gateway_silent = seconds("gateway_silent_s", 300, 15, 86'400);
  out.late_max = seconds("late_max_h", 24, 0.01, 720) * 3600;
  out.give_up = seconds("give_up_h", 24, 0.01, 168) * 3600;
  out.backoff_min = seconds("backoff_s", 5, 0.1, 900);
  out.rows_max = table.Integer("rows_max", {.fallback = 10'000, .min = 100, .max = 1'000'000});
  std::vector<config::Table> routes = table.List("route");
  if (routes.size() > static_cast<size_t>(kRoutesMax))
    table.Fault("route", "has more than 100 entries");
  for (config::Table& route : routes) out.routes.push_back(ReadRoute(route));
  for (const notify::RouteFault& fault : notify::FaultsOf(out))
    routes[fault.route].Fault(fault.key, fault.what);
}

}  // namespace millwright::hub
