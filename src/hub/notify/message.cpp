#include "hub/notify/message.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/text.h"

namespace millwright::hub::notify {
namespace {

using nlohmann::json;

std::string FaultWords(std::string_view fault) {
  std::string words(fault.empty() ? "unknown fault" : fault);
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

std::string MachineWords(const News& news) {
  const std::string id = news.site() + "/" + news.asset;
  return news.name.empty() || news.name == news.asset ? id : news.name + " (" + id + ")";
}

std::string LocalTime(Nanos utc, const TimeZone& zone, const std::string& zone_name) {
  std::string text = FormatUtc(zone.Local(utc)).substr(0, 19);
  text[10] = ' ';
  return text + " " + zone_name;
}

// Percent-encodes what is not plain in a path.
std::string LinkOf(const News& news, const Options& options) {
  const bool rollout = news.kind == Kind::kRollout;
  if (options.console.empty() || (news.alarm_key.empty() && !rollout)) return {};
  return options.console + (options.console.ends_with('/') ? "#/" : "/#/") +
         (rollout ? "rollouts/" : "alarms/") + PercentEncode(news.subject);
}

std::string Upper(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z')
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string SubjectOf(const Delivery& d) {
  if (d.items.empty()) return "Millwright";
  const std::string first = LineOf(d.items.front());
  const int64_t more = d.count - 1;
  if (d.kind == kSummary)
    return "and " + std::to_string(d.count) + " more, up to: " + std::string(Words(d.level));
  if (d.kind == kDigest)
    return std::to_string(d.count) + (d.count == 1 ? " message" : " messages") +
           " of the quiet hours, up to: " + std::string(Words(d.level));
  return first + (more > 0 ? " and " + std::to_string(more) + " more" : "");
}

std::string HeadOf(const Delivery& d) {
  if (d.kind == kSummary)
    return "Route " + d.route + " reached its limit of messages. This is what came beyond it: " +
           std::to_string(d.count) + " more.";
  if (d.kind == kDigest) return "What waited for the end of the quiet hours:";
  if (d.count > 1) return std::to_string(d.count) + " things with one cause:";
  return {};
}

json ItemJson(const News& news, const Options& options) {
  json item = {{"kind", Name(news.kind)},
               {"level", Name(news.level)},
               {"sites", news.sites},
               {"at", FormatUtc(news.at)},
               {"text", LineOf(news)}};
  const auto put = [&](const char* key, const std::string& value) {
    if (!value.empty()) item[key] = value;
  };
  put("device", news.device);
  put("escalated_from", news.escalated_from);
  put("note", news.words);
  if (news.kind == Kind::kRollout) item["rollout"] = news.subject;
  if (news.alarm_key.empty()) return item;
  item["alarm"] = news.subject;
  item["site"] = news.site();
  put("asset", news.asset);
  put("name", news.name);
  put("fault", news.fault);
  put("action", news.action);
  put("url", LinkOf(news, options));
  item["score"] = news.score;
  item["cleared"] = news.cleared;
  const auto external = options.assets.find(news.site() + "/" + news.asset);
  if (external != options.assets.end()) item["external_asset"] = external->second;
  return item;
}

}  // namespace

std::string LineOf(const News& news) {
  const std::string escalated =
      news.escalated_from.empty() ? "" : "Not judged on " + news.escalated_from + ": ";
  const std::string over = news.cleared ? " (over since)" : "";
  switch (news.kind) {
    case Kind::kRaised:
      return escalated + Upper(std::string(Words(news.level))) + ": " + MachineWords(news) + ": " +
             FaultWords(news.fault) + over;
    case Kind::kWorse:
      return escalated + "Worse, now " + std::string(Words(news.level)) + ": " +
             MachineWords(news) + ": " + FaultWords(news.fault) + over;
    case Kind::kGateway:
      return "Gateway " + news.device + " at " + news.site() + " is not heard";
    case Kind::kRollout:
      return "Rollout " + news.subject + " of " + news.name + " halted by itself";
    case Kind::kWorkOrder:
      return "Confirmed: " + MachineWords(news) + ": " + FaultWords(news.fault);
    case Kind::kTest:
      return "Test of route " + news.subject;
  }
  return {};
}

Message Compose(const Delivery& d, const Options& options, const TimeZone& zone,
                const std::string& zone_name) {
  Message message;
  message.subject = SubjectOf(d);
  const std::string head = HeadOf(d);
  if (!head.empty()) message.text = head + "\n\n";
  message.html = "<!doctype html><html><body style=\"font-family:sans-serif\">";
  if (!head.empty()) message.html += "<p>" + EscapeMarkup(head) + "</p>";
  message.html += "<ul>";
  for (const News& news : d.items) {
    const std::string line = LineOf(news);
    const std::string time = LocalTime(news.at, zone, zone_name);
    const std::string link = LinkOf(news, options);
    message.text += "- " + line + "\n  " + time + "\n";
    message.html += "<li><b>" + EscapeMarkup(line) + "</b><br>" + EscapeMarkup(time);
    const std::string more = news.action.empty() ? news.words : news.action;
    if (!more.empty()) {
      message.text += "  " + more + "\n";
      message.html += "<br>" + EscapeMarkup(more);
    }
    if (!link.empty()) {
      message.text += "  " + link + "\n";
      message.html += "<br><a href=\"" + EscapeMarkup(link) + "\">" + EscapeMarkup(link) + "</a>";
    }
    message.html += "</li>";
  }
  message.html += "</ul>";
  const int64_t rest = d.count - static_cast<int64_t>(d.items.size());
  if (rest > 0) {
    const std::string words = "and " + std::to_string(rest) + " more";
    message.text += words + "\n";
    message.html += "<p>" + words + "</p>";
  }
  const std::string foot = "Millwright, route " + d.route + ", message " + d.id;
  message.text += "\n" + foot + "\n";
  message.html += "<p style=\"color:#666\">" + EscapeMarkup(foot) + "</p></body></html>\n";
  return message;
}

std::string Payload(const Delivery& d, const Options& options) {
  json items = json::array();
  for (const News& news : d.items) items.push_back(ItemJson(news, options));
  json payload = {{"format", 1},
                  {"id", d.id},
                  {"type", d.kind},
                  {"route", d.route},
                  {"level", Name(d.level)},
                  {"subject", SubjectOf(d)},
                  {"created", FormatUtc(d.created)},
                  {"count", d.count},
                  {"items", std::move(items)}};
  if (d.channel == Channel::kWorkOrder && !d.items.empty()) {
    const auto external = options.assets.find(d.items[0].site() + "/" + d.items[0].asset);
    payload["work_order"] = {
        {"asset", external == options.assets.end() ? std::string() : external->second},
        {"alarm", d.items[0].subject},
        {"fault", d.items[0].fault},
        {"action", d.items[0].action},
        {"note", d.items[0].words}};
  }
  return payload.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace millwright::hub::notify
