#include "greengrass/component.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "core/log.h"
#include "jobs/base64.h"

namespace millwright::greengrass {
namespace {

using nlohmann::json;

constexpr Nanos kPublishAgain = 30 * kSecond;
constexpr int64_t kRecheckMs = 60'000;
constexpr size_t kTextMax = 4096;
constexpr double kDeferMinutesMax = 24 * 60;

std::string Written(const json& document) {
  return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

tl::unexpected<Error> WrongKey(const std::string& key, const std::string& what) {
  return Fail(Errc::kInvalid, "greengrass: configuration: \"" + key + "\" " + what);
}

Result<void> ReadText(const json& value, const std::string& key, std::string& out) {
  const auto found = value.find(key);
  if (found == value.end() || found->is_null()) return {};
  if (!found->is_string()) return WrongKey(key, "is no text");
  if (found->get_ref<const std::string&>().size() > kTextMax) return WrongKey(key, "is too long");
  out = found->get<std::string>();
  return {};
}

Result<void> ReadMinutes(const json& value, const std::string& key, Nanos& out) {
  const auto found = value.find(key);
  if (found == value.end() || found->is_null()) return {};
  double minutes = -1;
  if (found->is_number()) {
    minutes = found->get<double>();
  } else if (found->is_string()) {
    const auto& text = found->get_ref<const std::string&>();
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), minutes);
    if (fault != std::errc() || end != text.data() + text.size()) minutes = -1;
  }
  if (!(minutes >= 0 && minutes <= kDeferMinutesMax)) return WrongKey(key, "is not 0 to 1440");
  out = FromSeconds(minutes * 60);
  return {};
}

// An answer that says no more than yes.
Client::OnReply Heard() {
  return [](const Result<Client::Reply>& reply) {
    if (!reply) log::Failure("greengrass", reply.error());
  };
}

}  // namespace

Result<ComponentSettings> ReadComponentSettings(const std::string& payload) {
  const json answer = json::parse(payload, nullptr, false);
  const auto value = answer.is_object() ? answer.find("value") : answer.end();
  if (!answer.is_object() || value == answer.end() || !value->is_object())
    return Fail(Errc::kInvalid, "greengrass: the configuration is no JSON object");
  ComponentSettings out;
  MW_TRY(ReadText(*value, "models", out.models));
  if (!out.models.empty() && !out.models.starts_with('/'))
    return WrongKey("models", "is no absolute path");
  MW_TRY(ReadText(*value, "statusTopic", out.status_topic));
  if (out.status_topic.find_first_of("+#") != std::string::npos)
    return WrongKey("statusTopic", "is no topic");
  MW_TRY(ReadMinutes(*value, "deferMinutes", out.defer_max));
  return out;
}

Component::Component(ClientOptions options, OpenChannel open, World world)
    : world_(std::move(world)),
      client_(std::move(options), std::move(open), world_.clock, [this] { OnConnected(); }) {}

void Component::Work() {
  client_.Work();
  TellState();
  TryPublish();
}

void Component::SetState(ComponentState state) { state_ = state; }

void Component::Publish(const std::string& topic, const std::string& payload) {
  outgoing_ = {topic, payload};
  publish_at_ = 0;
}

// The subscription first: a change between the two would go by unseen otherwise.
void Component::OnConnected() {
  told_ = ComponentState::kStarting;
  telling_ = false;
  publishing_ = false;
  const std::string whole = Written({{"keyPath", json::array()}});
  auto asked = client_.Call("SubscribeToConfigurationUpdate", whole, Heard(),
                            [this](const Client::Reply&) { AskSettings(); });
  if (asked) AskSettings();
  if (asked)
    asked = client_.Call(
        "SubscribeToComponentUpdates", "{}",
        [](const Result<Client::Reply>& reply) {
          // Nucleus lite does not know it, and tells nobody before an update.
          if (!reply)
            log::Info("greengrass", "updates come unannounced", {{"why", reply.error().what}});
        },
        [this](const Client::Reply& event) { TakeUpdate(event.payload); });
  if (!asked) log::Failure("greengrass", asked.error());
  log::Info("greengrass", "connected to the nucleus");
}

void Component::AskSettings() {
  const auto asked = client_.Call("GetConfiguration", Written({{"keyPath", json::array()}}),
                                  [this](const Result<Client::Reply>& reply) {
                                    if (!reply) return log::Failure("greengrass", reply.error());
                                    auto settings = ReadComponentSettings(reply->payload);
                                    // What was good stays in force.
                                    if (!settings)
                                      return log::Failure("greengrass", settings.error());
                                    settings_ = *settings;
                                    world_.on_settings(settings_);
                                  });
  if (!asked) log::Failure("greengrass", asked.error());
}

void Component::TellState() {
  if (telling_ || state_ == told_ || state_ == ComponentState::kStarting) return;
  if (!client_.connected()) return;
  const ComponentState state = state_;
  const json request = {{"state", state == ComponentState::kRunning ? "RUNNING" : "ERRORED"}};
  const auto asked = client_.Call("UpdateState", Written(request),
                                  [this, state](const Result<Client::Reply>& reply) {
                                    telling_ = false;
                                    // A refusal is told once; the next try comes with a reconnect.
                                    if (!reply) log::Failure("greengrass", reply.error());
                                    told_ = state;
                                  });
  telling_ = asked.has_value();
}

void Component::TakeUpdate(const std::string& payload) {
  const json event = json::parse(payload, nullptr, false);
  if (!event.is_object()) return;
  if (event.contains("postUpdateEvent")) {
    deployment_.clear();
    world_.on_deployed();
  }
  const auto before = event.find("preUpdateEvent");
  if (before == event.end() || !before->is_object()) return;
  const auto id = before->find("deploymentId");
  if (id == before->end() || !id->is_string()) return;
  Defer(id->get<std::string>().substr(0, kTextMax));
}

// Bounded by the first time that this deployment was put off: a trial that never ends must not hold
// up updates for ever.
void Component::Defer(const std::string& deployment) {
  const Nanos now = world_.clock.Monotonic();
  if (deployment_ != deployment) {
    deployment_ = deployment;
    deferred_since_ = now;
  }
  const auto busy = world_.busy();
  const bool wait = busy && now - deferred_since_ < settings_.defer_max;
  json answer = {{"deploymentId", deployment}, {"recheckAfterMs", wait ? kRecheckMs : 0}};
  if (wait) answer["message"] = *busy;
  log::Info("greengrass", wait ? "an update was put off" : "an update may come",
            {{"deployment", deployment}, {"why", busy.value_or("")}});
  const auto asked = client_.Call("DeferComponentUpdate", Written(answer), Heard());
  if (!asked) log::Failure("greengrass", asked.error());
}

void Component::TryPublish() {
  if (!outgoing_ || publishing_ || !client_.connected()) return;
  if (world_.clock.Monotonic() < publish_at_) return;
  const json request = {{"topicName", outgoing_->topic},
                        {"qos", "1"},
                        {"payload", jobs::ToBase64(os::AsBytes(outgoing_->payload))}};
  const auto asked =
      client_.Call("PublishToIoTCore", Written(request),
                   [this, sent = outgoing_->payload](const Result<Client::Reply>& reply) {
                     publishing_ = false;
                     if (reply) {
                       if (outgoing_ && outgoing_->payload == sent) outgoing_.reset();
                       return;
                     }
                     publish_at_ = world_.clock.Monotonic() + kPublishAgain;
                     log::Failure("greengrass", reply.error());
                   });
  publishing_ = asked.has_value();
  if (!asked) publish_at_ = world_.clock.Monotonic() + kPublishAgain;
}

}  // namespace millwright::greengrass
