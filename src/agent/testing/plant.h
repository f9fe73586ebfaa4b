// A small plant for the agent's tests: a bundle on disk with honest golden vectors, settings that
// name it, and a publisher that speaks for the sensors.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <numbers>
#include <string>
#include <vector>

#include "agent/agent.h"
#include "agent/plan.h"
#include "crypto/sha256.h"
#include "model/testing/test_bundle.h"
#include "mqtt/fake.h"
#include "nn/session.h"
#include "os/files.h"
#include "wire/reading.h"
#include "wire/sample_block.h"
#include "wire/topics.h"

namespace millwright::agent::testing {

/// A folder that goes away with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mw_agent_XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Replaces the golden vectors of a bundle by what the engine answers.
inline Result<void> WriteGolden(os::Files& files, const std::string& folder) {
  model::Manifest manifest;
  MW_TRY(const os::Bytes text, files.Read(folder + "/manifest.json"));
  MW_TRY(manifest, model::ReadManifest(text));
  MW_TRY(const os::Bytes file, files.Read(folder + "/" + manifest.model.file));
  MW_TRY(const auto engine, nn::Engine::Load(std::span<const std::byte>(file)));
  const size_t in = engine->input().elements();
  const auto count = static_cast<size_t>(manifest.golden.count);
  std::vector<int8_t> inputs(count * in);
  for (size_t i = 0; i < inputs.size(); ++i) inputs[i] = static_cast<int8_t>(i * 37 % 200 - 100);
  std::vector<int8_t> outputs(count * engine->output().elements());
  nn::Session session(engine);
  for (size_t i = 0; i < count; ++i) {
    session.ResetState();
    session.Run(
        std::span(inputs).subspan(i * in, in),
        std::span(outputs).subspan(i * engine->output().elements(), engine->output().elements()));
  }
  std::string golden(inputs.begin(), inputs.end());
  golden.append(outputs.begin(), outputs.end());
  manifest.golden.sha256 = crypto::Sha256Hex(golden);
  MW_TRY(files.WriteFast(folder + "/" + manifest.golden.file, os::AsBytes(golden)));
  return files.WriteFast(folder + "/manifest.json", os::AsBytes(model::WriteManifest(manifest)));
}

/// Writes the test bundle with honest golden vectors.
inline Result<void> WriteHonestBundle(os::Files& files, const std::string& folder,
                                      const model::Manifest& manifest = model::MakeTestManifest()) {
  MW_TRY(model::WriteTestBundle(files, folder, manifest));
  return WriteGolden(files, folder);
}

inline std::string ConfigText(const std::string& folder, int assets) {
  std::string out =
      "[device]\nid = \"gw-1\"\nsite = \"alder\"\n[uplink]\nresend_after_ms = 300\n[paths]\nstate "
      "= \"" +
      folder + "/state\"\n[model]\nbundle = \"" + folder + "/bundle\"\n";
  for (int a = 1; a <= assets; ++a)
    out += "[[asset]]\nid = \"P-" + std::to_string(a) +
           "\"\narea = \"hall\"\nmachine = { shaft_hz = 25.0, bpfo = 3.5 }\n"
           "  [[asset.channel]]\n  name = \"vib\"\n  unit = \"m/s2\"\n  kind = \"samples\"\n  "
           "rate_hz = 1000\n"
           "  [[asset.channel]]\n  name = \"temperature\"\n  unit = \"degC\"\n  rate_hz = 1\n";
  return out;
}

/// What an agent of these settings plans: writes the bundle first.
inline std::shared_ptr<const Plan> MakeTestPlan(os::Files& files, const std::string& folder,
                                                int assets = 1) {
  EXPECT_TRUE(WriteHonestBundle(files, folder + "/bundle"));
  auto settings = ReadSettings(ConfigText(folder, assets), "agent.toml");
  EXPECT_TRUE(settings) << settings.error().what;
  auto plan = MakePlan(std::move(*settings), files);
  EXPECT_TRUE(plan) << plan.error().what;
  return std::move(*plan);
}

/// Speaks for one machine's sensors: 200 ms of 1 kHz vibration a block, temperature once a second.
class Sensors {
 public:
  Sensors(mqtt::FakeBroker& broker, std::string asset, Nanos start)
      : broker_(broker), asset_(std::move(asset)), now_(start) {}

  /// The next 200 ms. `publish` false: the sensors measure, but nobody hears it.
  void Step(bool publish = true, bool temperature = true) {
    std::vector<std::pair<std::string, std::string>> messages;
    Fill(messages, temperature);
    if (!publish) return;
    for (const auto& [topic, payload] : messages) broker_.Publish(topic, payload, 2);
  }
  /// The next 200 ms as topics and payloads. `stuck`: the vibration sensor says one value.
  void Fill(std::vector<std::pair<std::string, std::string>>& out, bool temperature,
            bool stuck = false) {
    std::vector<float> samples(200, 1.0F);
    for (float& s : samples) {
      if (stuck) break;
      phase_ += 2 * std::numbers::pi * 25 / 1000;
      noise_ = noise_ * 6364136223846793005U + 1442695040888963407U;
      s = static_cast<float>(std::sin(phase_) +
                             static_cast<double>(noise_ >> 40) / (1 << 24) * amplitude);
    }
    std::string payload;
    wire::EncodeSampleBlock(
        {.ts = now_, .rate_hz = 1000, .seq = ++vib_seq_, .sent = now_ + 200 * kMillisecond},
        samples, payload);
    out.emplace_back(Topic("vib"), payload);
    now_ += 200 * kMillisecond;
    if (++steps_ % 5 == 0) {
      wire::EncodeReading({.ts = now_,
                           .value = celsius + 0.01 * static_cast<double>(steps_ % 50),
                           .seq = ++temperature_seq_,
                           .sent = now_},
                          payload);
      if (temperature) out.emplace_back(Topic("temperature"), payload);
    }
  }
  [[nodiscard]] std::string Topic(const std::string& channel) const {
    return "mw/alder/hall/" + asset_ + "/" + channel;
  }
  [[nodiscard]] Nanos now() const { return now_; }
  [[nodiscard]] uint64_t vib_seq() const { return vib_seq_; }
  double amplitude = 0.2;
  double celsius = 40;

 private:
  mqtt::FakeBroker& broker_;
  std::string asset_;
  Nanos now_;
  double phase_ = 0;
  uint64_t noise_ = 1;
  uint64_t steps_ = 0;
  uint64_t vib_seq_ = 0;
  uint64_t temperature_seq_ = 0;
};

}  // namespace millwright::agent::testing
