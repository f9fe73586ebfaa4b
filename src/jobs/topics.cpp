#include "jobs/topics.h"

#include <algorithm>
#include <array>

namespace millwright::jobs {
namespace {

bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

// The levels after "<prefix>/"; at most five, fewer leave the rest empty. False where there are
// more, an empty one, or another prefix.
bool Levels(std::string_view prefix, std::string_view topic,
            std::array<std::string_view, 5>& levels, size_t& count) {
  if (topic.size() > kTopicBytesMax || !topic.starts_with(prefix)) return false;
  topic.remove_prefix(prefix.size());
  if (!topic.starts_with('/')) return false;
  topic.remove_prefix(1);
  for (count = 0; count < levels.size(); ++count) {
    const size_t slash = topic.find('/');
    levels[count] = topic.substr(0, slash);
    if (levels[count].empty()) return false;
    if (slash == std::string_view::npos) {
      ++count;
      return true;
    }
    topic.remove_prefix(slash + 1);
  }
  return false;
}

std::string Join(std::string_view prefix, std::initializer_list<std::string_view> levels) {
  std::string topic(prefix);
  for (const std::string_view level : levels) topic.append("/").append(level);
  return topic;
}

}  // namespace

bool IsId(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, IsWordCharacter);
}

bool IsThingName(std::string_view name) {
  return !name.empty() && name.size() <= 128 &&
         std::ranges::all_of(name, [](char c) { return IsWordCharacter(c) || c == ':'; });
}

std::optional<JobsAddress> ParseJobsTopic(std::string_view prefix, std::string_view topic) {
  std::array<std::string_view, 5> level{};
  size_t count = 0;
  if (!Levels(prefix, topic, level, count) || level[1] != "jobs" || !IsThingName(level[0]))
    return std::nullopt;
  if (count == 3 && (level[2] == "get" || level[2] == "start-next"))
    return JobsAddress{.thing = level[0], .job_id = {}, .verb = level[2]};
  if (count != 4 || (level[3] != "get" && level[3] != "update")) return std::nullopt;
  if (level[2] != "$next" && !IsId(level[2])) return std::nullopt;
  return JobsAddress{.thing = level[0], .job_id = level[2], .verb = level[3]};
}

std::optional<StreamAddress> ParseStreamTopic(std::string_view prefix, std::string_view topic) {
  std::array<std::string_view, 5> level{};
  size_t count = 0;
  if (!Levels(prefix, topic, level, count) || count != 5 || level[1] != "streams")
    return std::nullopt;
  if (!IsThingName(level[0]) || !IsId(level[2])) return std::nullopt;
  if (level[3] != "describe" && level[3] != "get") return std::nullopt;
  if (level[4] != "json" && level[4] != "cbor") return std::nullopt;
  return StreamAddress{.thing = level[0],
                       .stream = level[2],
                       .describe = level[3] == "describe",
                       .cbor = level[4] == "cbor"};
}

std::string JobsTopic(std::string_view prefix, std::string_view thing, std::string_view rest) {
  return Join(prefix, {thing, "jobs", rest});
}

std::string StreamTopic(std::string_view prefix, std::string_view thing, std::string_view stream,
                        std::string_view rest) {
  return Join(prefix, {thing, "streams", stream, rest});
}

}  // namespace millwright::jobs
