#include "hub/rollout/delivery.h"

#include "core/log.h"

namespace millwright::hub {
namespace {

constexpr int kQos = 1;  // what AWS IoT has
constexpr Nanos kStepEvery = kSecond;

}  // namespace

JobTable& Delivery::TableOf(Rollouts& rollouts) {
  JobTable* table = nullptr;
  rollouts.WithJobs([&](JobTable& t) { table = &t; });
  return *table;
}

Releases& Delivery::ReleasesOf(Rollouts& rollouts) {
  Releases* releases = nullptr;
  rollouts.WithReleases([&](Releases& r) { releases = &r; });
  return *releases;
}

Delivery::Delivery(mqtt::Client& client, Rollouts& rollouts, os::Clock& clock,
                   const std::string& prefix)
    : client_(client),
      rollouts_(rollouts),
      clock_(clock),
      jobs_(TableOf(rollouts), clock, prefix,
            [this](const std::string& topic, const std::string& payload) {
              (void)Publish(topic, std::as_bytes(std::span(payload.data(), payload.size())));
            }),
      streams_(ReleasesOf(rollouts), prefix,
               [this](const std::string& topic, std::span<const std::byte> payload) {
                 const bool sent = Publish(topic, payload);
                 counts_.blocks += sent ? 1 : 0;
                 return sent;
               }) {}

Result<void> Delivery::Start() {
  for (const auto& filters : {jobs_.Filters(), streams_.Filters()})
    for (const std::string& filter : filters) MW_TRY(client_.Subscribe(filter, kQos));
  return client_.Start(*this);
}

// A lost answer costs a gateway its patience, no more: it asks again.
bool Delivery::Publish(const std::string& topic, std::span<const std::byte> payload) {
  if (client_.Publish(topic, payload, kQos, false)) return true;
  ++counts_.unsent;
  return false;
}

void Delivery::OnConnected(bool session_present) {
  log::Info("delivery", "connected to the broker", {{"session_present", session_present}});
}

void Delivery::OnDisconnected(std::string_view reason) {
  log::Warning("delivery", "lost the broker", {{"reason", reason}});
}

void Delivery::OnMessage(const mqtt::Message& message) {
  ++counts_.requests;
  bool taken = false;
  rollouts_.WithJobs([&](JobTable&) { taken = jobs_.OnMessage(message.topic, message.payload); });
  if (taken) return;
  rollouts_.WithReleases(
      [&](Releases&) { (void)streams_.OnMessage(message.topic, message.payload); });
}

void Delivery::Step(Nanos wait_max) {
  client_.Poll(streams_.idle() ? wait_max : 0);
  if (!streams_.idle()) rollouts_.WithReleases([&](Releases&) { streams_.Work(); });
  if (clock_.Monotonic() < next_step_) return;
  next_step_ = clock_.Monotonic() + kStepEvery;
  const auto touched = rollouts_.Step();
  if (!touched) return log::Failure("delivery", touched.error());
  rollouts_.WithJobs([&](JobTable&) {
    jobs_.Tick();
    for (const std::string& device : *touched) jobs_.OnJobsChanged(device);
  });
}

void Delivery::Finish() { client_.Stop(); }

}  // namespace millwright::hub
