// A hub that delivers models: jobs, streams and signed metadata over a fake broker. Every message,
// either way, must be one that AWS IoT would take.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "crypto/sha256.h"
#include "jobs/jobs_server.h"
#include "jobs/stream_server.h"
#include "jobs/testing/memory_store.h"
#include "jobs/testing/strict_iot.h"
#include "model/any_bundle.h"
#include "model/pack.h"
#include "mqtt/fake.h"
#include "os/files.h"
#include "trust/testing/repository.h"

namespace millwright::agent::testing {

class DeliveryHub : private mqtt::Listener, private jobs::StreamSource {
 public:
  DeliveryHub(mqtt::FakeBroker& broker, os::Clock& clock)
      : clock_(clock),
        client_(broker.MakeClient({.client_id = "delivery-hub"})),
        jobs_(store_, clock, kPrefix,
              [this](const std::string& topic, const std::string& payload) {
                Judge(topic, strict_.FromService(topic, os::AsBytes(payload), 1));
                (void)client_->Publish(topic, os::AsBytes(payload), 1, false);
              }),
        streams_(*this, kPrefix, [this](const std::string& topic, std::span<const std::byte> m) {
          Judge(topic, strict_.FromService(topic, m, 1));
          return client_->Publish(topic, m, 1, false).has_value();
        }) {
    EXPECT_TRUE(client_->Start(*this));
    for (const std::string& filter : jobs_.Filters()) EXPECT_TRUE(client_->Subscribe(filter, 2));
    for (const std::string& filter : streams_.Filters()) EXPECT_TRUE(client_->Subscribe(filter, 2));
  }
  void Work() {
    client_->Poll(0);
    streams_.Work();
    jobs_.Tick();
  }

  /// Signs the bundle in `folder` as this release and queues the job that installs it. Its digest.
  std::string Push(os::Files& files, const std::string& folder, const std::string& job,
                   int64_t release) {
    const auto pack = model::PackBundle(files, folder);
    const auto manifest = files.Read(folder + "/manifest.json");
    EXPECT_TRUE(pack && manifest);
    const std::string digest = crypto::Sha256Hex(std::span<const std::byte>(*manifest));
    const std::string target = "pump/" + job + ".tar";
    repository.AddTarget(target, os::AsText(*pack), trust::Release{"pump", release});
    repository.PublishTargets();
    const std::string stream =
        "mw-pack-" + crypto::Sha256Hex(std::span<const std::byte>(*pack)).substr(0, 40);
    packs_[stream] = *pack;
    const nlohmann::json document = {{"operation", "millwright.install"},
                                     {"format", 1},
                                     {"target", target},
                                     {"bundle",
                                      {{"kind", model::Name(model::ReadFacts(*manifest)->kind)},
                                       {"digest", digest},
                                       {"name", "pump"},
                                       {"version", job}}},
                                     {"metadata_stream", "mw-tuf"},
                                     {"pack_stream", stream},
                                     {"pack_file", 0}};
    Queue(job, document.dump());
    return digest;
  }
  void Queue(const std::string& job, const std::string& document) {
    EXPECT_TRUE(store_.Save(
        kThing,
        {.job_id = job, .queued_at = ++queued_, .updated_at = queued_, .document = document}));
    jobs_.OnJobsChanged(kThing);
  }
  void Cancel(const std::string& job) {
    jobs::Execution execution = *Of(job);
    execution.status = jobs::Status::kCanceled;
    ++execution.version;
    EXPECT_TRUE(store_.Save(kThing, execution));
    jobs_.OnJobsChanged(kThing);
  }
  [[nodiscard]] std::optional<jobs::Execution> Of(const std::string& job) {
    return *store_.Find(kThing, job);
  }
  [[nodiscard]] std::string Phase(const std::string& job) { return Of(job)->details["phase"]; }
  [[nodiscard]] std::string Reason(const std::string& job) { return Of(job)->details["reason"]; }

  trust::testing::Repository repository;
  /// What a stream hands out; a test may damage it.
  std::map<std::string, os::Bytes>& packs() { return packs_; }
  uint64_t blocks_read = 0;

 private:
  static constexpr const char* kPrefix = "$aws/things";
  static constexpr const char* kThing = "gw-1";

  static void Judge(std::string_view topic, const jobs::StrictIot::Why& why) {
    EXPECT_FALSE(why) << topic << ": " << *why;
  }
  void OnMessage(const mqtt::Message& message) override {
    Judge(message.topic,
          strict_.FromDevice(message.topic, message.payload, message.qos, clock_.Monotonic()));
    if (!jobs_.OnMessage(message.topic, message.payload))
      streams_.OnMessage(message.topic, message.payload);
  }
  [[nodiscard]] std::vector<std::pair<std::string, const os::Bytes*>> Metadata() const {
    std::vector<std::pair<std::string, const os::Bytes*>> out;
    const std::string head = "metadata/";
    for (const auto& [path, bytes] : repository.shelf.files)
      if (path.starts_with(head)) out.emplace_back(path.substr(head.size()), &bytes);
    return out;
  }
  [[nodiscard]] Result<std::optional<jobs::StreamInfo>> Describe(std::string_view,
                                                                 std::string_view stream) override {
    jobs::StreamInfo info;
    if (stream == "mw-tuf") {
      nlohmann::json names = nlohmann::json::array();
      for (const auto& [name, bytes] : Metadata()) {
        info.files.push_back({.id = static_cast<int64_t>(names.size()), .bytes = bytes->size()});
        names.push_back(name);
      }
      info.text = names.dump();
      return std::optional(info);
    }
    const auto found = packs_.find(std::string(stream));
    if (found == packs_.end()) return std::optional<jobs::StreamInfo>();
    info.files.push_back({.id = 0, .bytes = found->second.size()});
    return std::optional(info);
  }
  [[nodiscard]] Result<jobs::Bytes> Read(std::string_view, std::string_view stream, int64_t file,
                                         uint64_t offset, size_t size) override {
    if (stream != "mw-tuf") ++blocks_read;
    const auto metadata = Metadata();
    const os::Bytes& bytes = stream == "mw-tuf" ? *metadata[static_cast<size_t>(file)].second
                                                : packs_[std::string(stream)];
    const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(offset);
    const size_t count = std::min<size_t>(size, bytes.size() - offset);
    return jobs::Bytes(from, from + static_cast<std::ptrdiff_t>(count));
  }

  os::Clock& clock_;
  jobs::StrictIot strict_{kThing};
  std::unique_ptr<mqtt::Client> client_;
  jobs::MemoryJobStore store_;
  jobs::JobsServer jobs_;
  jobs::StreamServer streams_;
  std::map<std::string, os::Bytes> packs_;
  Nanos queued_ = 0;
};

}  // namespace millwright::agent::testing
