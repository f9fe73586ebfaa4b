// A strict emulator of what AWS IoT Core takes on the topics of Jobs and file streams. It stands
// between a device and a service and says of every message why AWS would refuse it. Written from
// the limits alone, without the code that it judges.
#pragma once

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"

namespace millwright::jobs {

class StrictIot {
 public:
  using Why = std::optional<std::string>;  // nothing: AWS takes it
  using Payload = std::span<const std::byte>;

  static constexpr size_t kPayload = 131072, kTopic = 256, kSlashes = 7, kPublishesPerSecond = 100;
  static constexpr size_t kSubscriptions = 50, kThing = 128, kJob = 64, kStream = 128, kToken = 64;
  static constexpr size_t kDetails = 10, kDetailKey = 128, kDetailValue = 1024;
  static constexpr size_t kDocument = 32768, kNotified = 15, kStreamFiles = 50, kStreamText = 2028;
  static constexpr int64_t kStepMinutes = 10080, kBlockMin = 256, kBlockMax = 131072;
  static constexpr int64_t kBlocks = 98304, kFile = 255;

  explicit StrictIot(std::string thing) : head_("$aws/things/" + std::move(thing) + "/") {}

  /// One connection's subscription.
  [[nodiscard]] Why Subscribe(std::string_view filter) {
    subscriptions_.insert(std::string(filter));
    if (subscriptions_.size() > kSubscriptions) return "more than 50 subscriptions";
    return Topic(filter);
  }

  /// What the device publishes, at `now`.
  [[nodiscard]] Why FromDevice(std::string_view topic, Payload payload, int qos, Nanos now) {
    sent_.push_back(now);
    while (!sent_.empty() && now - sent_.front() >= kSecond) sent_.pop_front();
    if (sent_.size() > kPublishesPerSecond) return "more than 100 publishes in a second";
    if (Why why = Envelope(topic, payload, qos)) return why;
    const Levels levels = Split(topic.substr(head_.size()));
    if (levels[0] == "streams") return StreamRequest(levels, payload);
    if (levels[0] == "jobs") return JobRequest(levels, payload);
    return "no topic that a device may publish to: " + std::string(topic);
  }

  /// What the service publishes to the device.
  [[nodiscard]] Why FromService(std::string_view topic, Payload payload, int qos) const {
    if (Why why = Envelope(topic, payload, qos)) return why;
    const Levels levels = Split(topic.substr(head_.size()));
    if (levels[0] == "streams") return StreamAnswer(levels, payload);
    if (levels[0] == "jobs") return JobAnswer(levels, payload);
    return "no topic that the service publishes to: " + std::string(topic);
  }

 private:
  using json = nlohmann::json;
  using Levels = std::vector<std::string_view>;

  static Levels Split(std::string_view text) {
    Levels out;
    for (size_t slash = 0; (slash = text.find('/')) != text.npos; text.remove_prefix(slash + 1))
      out.push_back(text.substr(0, slash));
    out.push_back(text);
    return out;
  }
  static bool Made(std::string_view text, std::string_view others, size_t most) {
    return !text.empty() && text.size() <= most && std::ranges::all_of(text, [&](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             others.find(c) != others.npos;
    });
  }
  static Why Topic(std::string_view topic) {
    if (topic.size() > kTopic) return "a topic of more than 256 bytes";
    if (static_cast<size_t>(std::ranges::count(topic, '/')) > kSlashes)
      return "a topic with more than 7 slashes";
    return {};
  }
  [[nodiscard]] Why Envelope(std::string_view topic, Payload payload, int qos) const {
    if (Why why = Topic(topic)) return why;
    if (qos > 1) return "QoS 2";
    if (payload.size() > kPayload)
      return "a payload of " + std::to_string(payload.size()) + " bytes";
    if (!topic.starts_with(head_)) return "another thing's topic: " + std::string(topic);
    if (!Made(Split(head_)[2], ":_-", kThing)) return "not a thing's name";
    return {};
  }

  static json Parse(Payload payload, bool cbor) {
    const auto* begin = reinterpret_cast<const uint8_t*>(payload.data());
    const auto* end = begin + payload.size();
    if (payload.empty()) return json::object();
    return cbor ? json::from_cbor(begin, end, true, false)
                : json::parse(begin, end, nullptr, false);
  }
  // Members of `body` that are neither absent nor whole numbers within bounds.
  static Why Number(const json& body, const char* key, int64_t low, int64_t high) {
    const auto found = body.find(key);
    if (found == body.end()) return {};
    if (!found->is_number_integer()) return std::string(key) + " is no whole number";
    if (found->get<int64_t>() < low || found->get<int64_t>() > high)
      return std::string(key) + " is not " + std::to_string(low) + " to " + std::to_string(high);
    return {};
  }
  static Why Known(const json& body, std::initializer_list<std::string_view> names) {
    for (const auto& [key, value] : body.items())
      if (std::ranges::find(names, key) == names.end()) return "the member " + key;
    return {};
  }
  static Why Token(const json& body, const char* key) {
    const auto found = body.find(key);
    if (found == body.end()) return {};
    if (!found->is_string() || !Made(found->get<std::string>(), "_-", kToken))
      return std::string(key) + " is no client token";
    return {};
  }
  static Why DetailsOf(const json& body) {
    const auto found = body.find("statusDetails");
    if (found == body.end()) return {};
    if (!found->is_object()) return "statusDetails is no object";
    if (found->size() > kDetails) return "statusDetails has more than 10 pairs";
    for (const auto& [key, value] : found->items()) {
      if (!Made(key, ":_-", kDetailKey)) return "a detail's key: " + key;
      if (!value.is_string()) return "a detail that is no text: " + key;
      const auto& text = value.get_ref<const std::string&>();
      if (text.empty() || text.size() > kDetailValue) return "a detail of a wrong length: " + key;
      if (std::ranges::any_of(text, [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }))
        return "a detail with a control character: " + key;
    }
    return {};
  }
  template <typename... Whys>
  static Why First(Whys... whys) {
    Why first;
    ((first = first ? first : whys), ...);
    return first;
  }

  static Why JobRequest(const Levels& levels, Payload payload) {
    const json body = Parse(payload, false);
    if (!body.is_object()) return "no JSON object";
    const bool wide = levels.size() == 2 && (levels[1] == "get" || levels[1] == "start-next");
    const bool one = levels.size() == 3 && (levels[2] == "get" || levels[2] == "update");
    if (!wide && !one) return "no request of the Jobs contract";
    if (one && levels[1] != "$next" && !Made(levels[1], "_-", kJob)) return "not a job's id";
    Why common = First(Token(body, "clientToken"), DetailsOf(body),
                       Number(body, "stepTimeoutInMinutes", -1, kStepMinutes));
    if (common) return common;
    if (one && levels[2] == "update") return Update(body);
    if (one)
      return First(Known(body, {"executionNumber", "includeJobDocument", "clientToken"}),
                   Number(body, "executionNumber", 1, INT64_MAX));
    if (levels[1] == "get") return Known(body, {"clientToken"});
    return Known(body, {"statusDetails", "stepTimeoutInMinutes", "clientToken"});
  }
  static Why Update(const json& body) {
    const std::string status = body.value("status", "");
    static const std::set<std::string> kMay{"IN_PROGRESS", "FAILED", "SUCCEEDED", "REJECTED"};
    if (!kMay.contains(status)) return "a device that says " + status;
    return First(Known(body, {"status", "statusDetails", "expectedVersion", "executionNumber",
                              "includeJobExecutionState", "includeJobDocument",
                              "stepTimeoutInMinutes", "clientToken"}),
                 Number(body, "executionNumber", 1, INT64_MAX));
  }

  static Why JobAnswer(const Levels& levels, Payload payload) {
    const json body = Parse(payload, false);
    if (!body.is_object()) return "no JSON object";
    if (!body.contains("timestamp") || !body["timestamp"].is_number_integer())
      return "an answer without its time";
    Why common = First(Token(body, "clientToken"), Execution(body));
    if (common) return common;
    if (levels.size() == 2 && levels[1] == "notify") return Notified(body);
    if (levels.size() == 2 && levels[1] == "notify-next") return {};
    const std::string_view outcome = levels.back();
    if (levels.size() < 3 || (outcome != "accepted" && outcome != "rejected"))
      return "no answer of the Jobs contract";
    static const std::set<std::string> kCodes{
        "InvalidTopic",           "InvalidJson",      "InvalidRequest",
        "InvalidStateTransition", "ResourceNotFound", "VersionMismatch",
        "InternalError",          "RequestThrottled", "TerminalStateReached"};
    if (outcome == "rejected" && !kCodes.contains(body.value("code", ""))) return "an unknown code";
    return {};
  }
  static Why Execution(const json& body) {
    for (const char* key : {"execution", "executionState"}) {
      const auto found = body.find(key);
      if (found == body.end()) continue;
      if (!found->is_object()) return std::string(key) + " is no object";
      if (Why why = DetailsOf(*found)) return why;
      if (found->contains("jobDocument") && (*found)["jobDocument"].dump().size() > kDocument)
        return "a job document of more than 32 KiB";
    }
    return {};
  }
  static Why Notified(const json& body) {
    size_t count = 0;
    const json jobs = body.value("jobs", json::object());
    for (const auto& [status, list] : jobs.items()) count += list.size();
    if (count > kNotified) return "more than 15 executions in a notification";
    return {};
  }

  // jobs' own topics are checked by hand; of a stream: streams/<id>/<verb>/<encoding>.
  static Why StreamTopic(const Levels& levels, const std::set<std::string_view>& verbs) {
    if (levels.size() != 4 || !Made(levels[1], "_-", kStream) || !verbs.contains(levels[2]) ||
        (levels[3] != "json" && levels[3] != "cbor"))
      return "no topic of the stream contract";
    return {};
  }
  static size_t BytesOf(const json& value) {
    if (value.is_binary()) return value.get_binary().size();
    return value.is_string() ? value.get_ref<const std::string&>().size() / 4 * 3 : 0;
  }
  static Why StreamRequest(const Levels& levels, Payload payload) {
    if (Why why = StreamTopic(levels, {"describe", "get"})) return why;
    const json body = Parse(payload, levels[3] == "cbor");
    if (!body.is_object()) return "no object";
    if (Why why = Token(body, "c")) return why;
    if (levels[2] == "describe") return Known(body, {"c"});
    if (!body.contains("f") || !body.contains("l")) return "a request without file or block size";
    if (body.contains("b") && BytesOf(body["b"]) > static_cast<size_t>(kBlocks) / 8)
      return "a bitmap of more blocks than there can be";
    return First(Known(body, {"c", "s", "f", "l", "o", "n", "b"}), Number(body, "f", 0, kFile),
                 Number(body, "l", kBlockMin, kBlockMax), Number(body, "o", 0, kBlocks),
                 Number(body, "n", 1, kBlocks), Number(body, "s", 0, INT64_MAX));
  }
  static Why StreamAnswer(const Levels& levels, Payload payload) {
    if (Why why = StreamTopic(levels, {"description", "data", "rejected"})) return why;
    const json body = Parse(payload, levels[3] == "cbor");
    if (!body.is_object()) return "no object";
    if (levels[2] == "description") {
      if (body.value("d", "").size() > kStreamText) return "a description that is too long";
      const size_t files = body.value("r", json::array()).size();
      if (files < 1 || files > kStreamFiles)
        return "a stream of " + std::to_string(files) + " files";
    }
    if (levels[2] != "data") return {};
    if (!body.contains("p") || BytesOf(body["p"]) > static_cast<size_t>(kBlockMax))
      return "a block without its bytes, or with too many";
    return First(Number(body, "f", 0, kFile), Number(body, "i", 0, kBlocks),
                 Number(body, "l", 1, kBlockMax));
  }

  const std::string head_;
  std::set<std::string> subscriptions_;
  std::deque<Nanos> sent_;
};

}  // namespace millwright::jobs
