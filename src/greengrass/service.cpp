#include "greengrass/service.h"

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "core/log.h"
#include "os/process.h"

namespace millwright::greengrass {
namespace {

constexpr Nanos kTurn = 200 * kMillisecond;
constexpr Nanos kPoll = 10 * kMillisecond;

std::string Variable(const char* name) {
  const char* value = std::getenv(name);  // before any thread
  return value == nullptr ? std::string() : std::string(value);
}

std::string StatusText(const std::string& thing, const jobs::Execution& execution) {
  nlohmann::ordered_json out = {
      {"device", thing}, {"release", execution.job_id}, {"status", jobs::Name(execution.status)}};
  for (const auto& [key, value] : execution.details) out[key] = value;
  return out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

std::optional<Nucleus> NucleusOfEnvironment() {
  Nucleus out = {.socket = Variable("AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT"),
                 .token = Variable("SVCUID")};
  if (out.socket.empty() || out.token.empty()) return std::nullopt;
  return out;
}

Service::Service(const Nucleus& nucleus, std::string models, std::string thing, os::Clock& clock)
    : thing_(std::move(thing)),
      takes_models_(!models.empty()),
      clock_(clock),
      watch_(std::move(models)),
      component_({.token = nucleus.token},
                 [path = nucleus.socket] { return OpenUnixChannel(path); },
                 {.clock = clock,
                  .busy = [this]() -> std::optional<std::string> {
                    const MutexLock lock(mutex_);
                    return busy_.empty() ? std::nullopt : std::optional(busy_);
                  },
                  .on_settings = [this](const ComponentSettings& s) { OnSettings(s); },
                  .on_deployed = [this] { watch_.Look(); }}),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

Service::~Service() {
  thread_.request_stop();
  thread_.join();
}

void Service::SetState(ComponentState state) {
  const MutexLock lock(mutex_);
  if (state_ == state) return;
  state_ = state;
  told_ = false;
}

void Service::SetBusy(const std::string& why) {
  const MutexLock lock(mutex_);
  busy_ = why;
}

void Service::Report(const jobs::Execution& execution) {
  const auto phase = execution.details.find("phase");
  std::string step = execution.job_id + " " + std::string(jobs::Name(execution.status)) + " " +
                     (phase == execution.details.end() ? "" : phase->second);
  std::string text = StatusText(thing_, execution);
  const MutexLock lock(mutex_);
  if (step == step_) return;  // progress within a phase is no news for the cloud
  step_ = std::move(step);
  report_ = std::move(text);
}

void Service::Finish(Nanos wait_max) {
  const Nanos until = clock_.Monotonic() + wait_max;
  while (!told_ && clock_.Monotonic() < until) clock_.SleepFor(kPoll);
}

// Which folder matters only where models come from one at all.
void Service::OnSettings(const ComponentSettings& settings) {
  log::Info("greengrass", "configuration of the component",
            {{"models", settings.models}, {"status_topic", settings.status_topic}});
  if (takes_models_ && !settings.models.empty()) watch_.SetFolder(settings.models);
  const std::string topic =
      settings.status_topic.empty() ? "" : settings.status_topic + "/" + thing_;
  if (topic == topic_) return;
  topic_ = topic;
  if (!topic_.empty() && !last_report_.empty()) component_.Publish(topic_, last_report_);
}

void Service::Turn() {
  std::optional<std::string> report;
  ComponentState state{};
  {
    const MutexLock lock(mutex_);
    state = state_;
    report = std::exchange(report_, std::nullopt);
  }
  component_.SetState(state);
  if (report) last_report_ = *report;
  if (report && !topic_.empty()) component_.Publish(topic_, last_report_);
  component_.Work();
  const MutexLock lock(mutex_);
  if (state == state_ && component_.connected() && component_.state_told()) told_ = true;
}

void Service::Run(const std::stop_token& stop) {
  os::NameThread("mw-greengrass");
  while (!stop.stop_requested()) {
    Turn();
    component_.Wait(kTurn);
  }
}

}  // namespace millwright::greengrass
