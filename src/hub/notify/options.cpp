#include "hub/notify/options.h"

#include <algorithm>
#include <set>

namespace millwright::hub::notify {
namespace {

struct KindName {
  Kind kind;
  std::string_view name;
};
constexpr KindName kKinds[] = {
    {Kind::kRaised, "alarm_raised"},       {Kind::kWorse, "alarm_worse"},
    {Kind::kGateway, "gateway_not_heard"}, {Kind::kRollout, "rollout_halted"},
    {Kind::kWorkOrder, "work_order"},      {Kind::kTest, "test"},
};

bool IsHostLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-';
}

// The authority's host, without a port and the brackets of IPv6.
std::string_view HostOf(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

std::string_view AuthorityOf(std::string_view url) {
  const size_t begin = url.find("://");
  const std::string_view rest = begin == std::string_view::npos ? url : url.substr(begin + 3);
  return rest.substr(0, rest.find_first_of("/?#"));
}

// Whether the routes that follow one another come back to where they began.
bool EscalatesInCircles(const Options& options, const Route& first) {
  std::set<std::string_view> seen;
  for (const Route* at = &first; at != nullptr; at = options.Find(at->escalate_to))
    if (!seen.insert(at->name).second) return true;
  return false;
}

}  // namespace

std::string_view Name(Level level) {
  constexpr std::string_view kNames[] = {"none", "watch", "warning", "act"};
  return kNames[std::min<size_t>(static_cast<size_t>(level), 3)];
}

std::string_view Words(Level level) { return level == Level::kAct ? "act now" : Name(level); }

std::string_view Name(Kind kind) { return kKinds[static_cast<size_t>(kind)].name; }

std::optional<Kind> KindOf(std::string_view name) {
  for (const KindName& one : kKinds)
    if (one.name == name && one.kind != Kind::kTest) return one.kind;
  return std::nullopt;
}

bool Route::Wants(Kind kind) const {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

const Route* Options::Find(std::string_view route) const {
  const auto found = std::ranges::find(routes, route, &Route::name);
  return found == routes.end() ? nullptr : &*found;
}

std::vector<RouteFault> FaultsOf(const Options& options) {
  std::vector<RouteFault> faults;
  std::set<std::string_view> names;
  for (size_t i = 0; i < options.routes.size(); ++i) {
    const Route& route = options.routes[i];
    const auto fault = [&](std::string key, std::string what) {
      faults.push_back({i, std::move(key), std::move(what)});
    };
    if (!names.insert(route.name).second) fault("name", "names a route a second time");
    if (route.emails.empty() == route.webhook.empty()) fault("", "needs either email or webhook");
    if (!route.emails.empty() && options.smtp.host.empty())
      fault("email", "needs a server: set notify.smtp.host");
    for (const std::string& address : route.emails)
      if (!IsAddress(address)) fault("email", "\"" + address + "\" is no address");
    if (!route.webhook.empty() && !IsWebhookUrl(route.webhook))
      fault("webhook", "must be https://HOST/..., or http:// on the loopback");
    if (route.webhook.empty() != route.secret_file.empty())
      fault("secret_file", "a webhook and the secret of its signature go together");
    if (route.webhook.empty() && route.Wants(Kind::kWorkOrder))
      fault("kinds", "work orders go to a webhook");
    if (route.escalate_to.empty()) continue;
    if (options.Find(route.escalate_to) == nullptr)
      fault("escalate_to", "there is no route \"" + route.escalate_to + "\"");
    else if (EscalatesInCircles(options, route))
      fault("escalate_to", "leads back to this route");
  }
  return faults;
}

bool IsAddress(std::string_view text) {
  const size_t at = text.find('@');
  if (text.size() > 254 || at == 0 || at == std::string_view::npos || at > 64) return false;
  const std::string_view domain = text.substr(at + 1);
  const auto is_local = [](char c) {
    return IsHostLetter(c) || std::string_view("!#$%&'*+/=?^_`{|}~").find(c) != std::string::npos;
  };
  return !domain.empty() && std::ranges::all_of(text.substr(0, at), is_local) &&
         std::ranges::all_of(domain, IsHostLetter) && domain.front() != '.' &&
         domain.front() != '-' && domain.back() != '.';
}

bool IsWebhookUrl(std::string_view text) {
  const bool clean = std::ranges::all_of(text, [](char c) { return c > ' ' && c < 127; });
  const std::string_view authority = AuthorityOf(text);
  const std::string_view host = HostOf(authority);
  if (!clean || text.size() > 1000 || host.empty() ||
      authority.find_first_of("@\\") != std::string_view::npos)
    return false;
  const bool numbers =
      host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
  const bool loopback = host == "localhost" || host == "[::1]" || numbers;
  return text.starts_with("https://") || (text.starts_with("http://") && loopback);
}

std::string ShownUrl(std::string_view url) {
  return std::string(url.substr(0, url.find("://"))) + "://" + std::string(AuthorityOf(url));
}

}  // namespace millwright::hub::notify
