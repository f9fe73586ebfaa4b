#include "gateway.h"

#include <array>
#include <cmath>
#include <numbers>

#include "agent/models.h"
#include "wire/reading.h"
#include "wire/sample_block.h"

namespace millwright::year {
namespace {

constexpr double kVibRate = 1000;
constexpr double kShaftHz = 25;
constexpr uint64_t kTicksPerTemperature = 5;
constexpr int kTurns = 2;  // of the agent's threads in a tick

}  // namespace

std::string Machine::Topic(const char* channel) const {
  return "mw/alder/hall/" + asset_ + "/" + channel;
}

void Machine::Tick(Nanos now) {
  std::array<float, 200> samples{};
  for (float& s : samples) {
    phase_ += 2 * std::numbers::pi * kShaftHz / kVibRate;
    noise_ = noise_ * 6364136223846793005U + 1442695040888963407U;
    s = static_cast<float>(std::sin(phase_) + static_cast<double>(noise_ >> 40) / (1 << 24) * 0.2);
  }
  std::string payload;
  wire::EncodeSampleBlock({.ts = now - kTick, .rate_hz = kVibRate, .seq = ++vib_seq_, .sent = now},
                          std::span<const float>(samples), payload);
  broker_.Publish(Topic("vib"), payload, 2);
  if (++ticks_ % kTicksPerTemperature != 0) return;
  const double value = 40 + 0.01 * static_cast<double>(ticks_ % 50);
  wire::EncodeReading({.ts = now, .value = value, .seq = ++temperature_seq_, .sent = now}, payload);
  broker_.Publish(Topic("temperature"), payload, 2);
}

Gateway::Gateway(int number, std::string folder, const std::string& bundle, const std::string& root,
                 mqtt::FakeBroker& hub, Nanos utc)
    : device_("gw-" + std::to_string(number)),
      asset_("P-" + std::to_string(number)),
      folder_(std::move(folder)),
      config_(Config(bundle, root)),
      clock_(utc),
      hub_(hub) {}

std::string Gateway::Config(const std::string& bundle, const std::string& root) const {
  return "[device]\nid = \"" + device_ +
         "\"\nsite = \"alder\"\n[uplink]\nresend_after_ms = 1000\n" + "[paths]\nstate = \"" +
         folder_ + "\"\n[model]\nbundle = \"" + bundle + "\"\n" +
         "[delivery]\nenabled = true\nroot = \"" + root +
         "\"\nblock_bytes = 4096\nwindows_min = 20\ntime_min_s = 5\n" + "[[asset]]\nid = \"" +
         asset_ + "\"\narea = \"hall\"\nmachine = { shaft_hz = 25.0, bpfo = 3.5 }\n" +
         "  [[asset.channel]]\n  name = \"vib\"\n  unit = \"m/s2\"\n  kind = \"samples\"\n"
         "  rate_hz = 1000\n"
         "  [[asset.channel]]\n  name = \"temperature\"\n  unit = \"degC\"\n  rate_hz = 1\n";
}

Result<void> Gateway::Start() {
  MW_TRY(agent::Settings settings, agent::ReadSettings(config_, device_ + ".toml"));
  agent::Environment environment = {
      .clock = clock_,
      .files = files_,
      .make_client =
          [this](mqtt::Options options) {
            const bool local = options.client_id.starts_with("mw-agent");
            return (local ? local_ : hub_).MakeClient(std::move(options));
          },
      .version = "year"};
  environment.boot_id = device_ + "-" + std::to_string(++boots_);
  MW_TRY(agent_, agent::Agent::Make(std::move(settings), std::move(environment)));
  decisions_before_ = decisions_;
  return agent_->StartStepped();
}

void Gateway::SetAway(bool away) {
  away_ = away;
  for (const char* client : {"mw-models-", "mw-uplink-"}) hub_.SetLink(client + device_, !away);
}

void Gateway::Tick() {
  clock_.Advance(kTick);
  machine_.Tick(clock_.Utc());
  if (agent_ == nullptr) return;
  for (int turn = 0; turn < kTurns; ++turn) agent_->Step();
  decisions_ = decisions_before_ + agent_->figures().decisions;
}

Result<std::string> Gateway::Serving() {
  MW_TRY(const slots::State state, slots::StateFiles(disk_, folder_ + "/models").Load());
  const auto& serving = slots::ServingOf(state);
  return serving ? serving->digest : std::string();
}

bool Gateway::idle() const {
  return agent_ != nullptr && agent_->figures().update == slots::Phase::kIdle;
}

}  // namespace millwright::year
