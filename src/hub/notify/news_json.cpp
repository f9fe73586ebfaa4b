#include <nlohmann/json.hpp>

#include "hub/notify/news.h"

namespace millwright::hub::notify {
namespace {

using nlohmann::json;

std::string TextOf(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

int64_t NumberOf(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

Level LevelOf(const json& object, const char* key) {
  const int64_t number = NumberOf(object, key);
  return number >= 0 && number <= 3 ? static_cast<Level>(number) : Level::kNone;
}

News FromJson(const json& one) {
  News news;
  const std::string kind = TextOf(one, "kind");
  news.kind = KindOf(kind).value_or(Kind::kTest);
  news.level = LevelOf(one, "level");
  news.before = LevelOf(one, "before");
  news.subject = TextOf(one, "subject");
  news.cause = TextOf(one, "cause");
  if (const auto sites = one.find("sites"); sites != one.end() && sites->is_array())
    for (const json& site : *sites)
      if (site.is_string()) news.sites.push_back(site.get<std::string>());
  news.device = TextOf(one, "device");
  news.alarm_key = TextOf(one, "alarm_key");
  news.asset = TextOf(one, "asset");
  news.name = TextOf(one, "name");
  news.fault = TextOf(one, "fault");
  news.action = TextOf(one, "action");
  if (const auto score = one.find("score"); score != one.end() && score->is_number())
    news.score = score->get<double>();
  news.at = NumberOf(one, "at_ns");
  news.cleared = NumberOf(one, "cleared") != 0;
  news.words = TextOf(one, "words");
  news.escalated_from = TextOf(one, "escalated_from");
  return news;
}

}  // namespace

std::string WriteNews(const std::vector<News>& news) {
  json all = json::array();
  for (const News& one : news)
    all.push_back({{"kind", Name(one.kind)},
                   {"level", static_cast<int>(one.level)},
                   {"before", static_cast<int>(one.before)},
                   {"subject", one.subject},
                   {"cause", one.cause},
                   {"sites", one.sites},
                   {"device", one.device},
                   {"alarm_key", one.alarm_key},
                   {"asset", one.asset},
                   {"name", one.name},
                   {"fault", one.fault},
                   {"action", one.action},
                   {"score", one.score},
                   {"at_ns", one.at},
                   {"cleared", one.cleared ? 1 : 0},
                   {"words", one.words},
                   {"escalated_from", one.escalated_from}});
  return all.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::vector<News> ReadNews(std::string_view text) {
  std::vector<News> news;
  const json all = json::parse(text, nullptr, false);
  if (all.is_array())
    for (const json& one : all)
      if (one.is_object()) news.push_back(FromJson(one));
  return news;
}

}  // namespace millwright::hub::notify
