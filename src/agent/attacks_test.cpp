// The attacks of the TUF specification on a gateway whose metadata and packs come as MQTT file
// streams, through a real Mosquitto and the agent's own fetching; the bodies are in
// trust/testing/attacks.cpp.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "agent/metadata_fetch.h"
#include "agent/signed_target.h"
#include "jobs/stream_server.h"
#include "mqtt/testing/broker.h"
#include "trust/testing/attacks.h"

namespace millwright::agent {
namespace {

using trust::testing::Shelf;

constexpr const char* kPrefix = "$aws/things";
constexpr const char* kThing = "gw-1";
constexpr const char* kMetadata = "metadata";  // the stream of all metadata; else one target's

/// The hub's side: what lies on the shelf, as streams.
class ShelfSource : public jobs::StreamSource {
 public:
  explicit ShelfSource(const Shelf& shelf) : shelf_(shelf) {}

  [[nodiscard]] Result<std::optional<jobs::StreamInfo>> Describe(std::string_view,
                                                                 std::string_view stream) override {
    nlohmann::json names = nlohmann::json::array();
    jobs::StreamInfo info;
    for (const std::string& path : Paths(stream)) {
      info.files.push_back({static_cast<int64_t>(names.size()), shelf_.files.at(path).size()});
      names.push_back(stream == kMetadata ? path.substr(path.find('/') + 1) : "target");
    }
    if (info.files.empty()) return std::optional<jobs::StreamInfo>{};
    info.text = names.dump();
    return info;
  }

  [[nodiscard]] Result<jobs::Bytes> Read(std::string_view, std::string_view stream, int64_t file,
                                         uint64_t offset, size_t bytes) override {
    const std::vector<std::string> paths = Paths(stream);
    if (file < 0 || static_cast<size_t>(file) >= paths.size())
      return Fail(Errc::kNotFound, "no such file");
    const os::Bytes& all = shelf_.files.at(paths[static_cast<size_t>(file)]);
    const size_t from = std::min<size_t>(offset, all.size());
    const auto part = std::span(all).subspan(from, std::min(bytes, all.size() - from));
    return jobs::Bytes(part.begin(), part.end());
  }

  /// The target that the one stream beside the metadata is.
  std::string target{};

 private:
  [[nodiscard]] std::vector<std::string> Paths(std::string_view stream) const {
    std::vector<std::string> paths;
    for (const auto& [path, bytes] : shelf_.files)
      if (stream == kMetadata ? path.starts_with("metadata/") : path == "targets/" + target)
        paths.push_back(path);
    return paths;
  }

  const Shelf& shelf_;
};

/// Hub and gateway, each with its connection to one broker.
class Streams {
 public:
  explicit Streams(const Shelf& shelf) : source_(shelf) {
    EXPECT_TRUE(hub_->Start(hub_listener_).has_value());
    for (const std::string& filter : server_.Filters())
      EXPECT_TRUE(hub_->Subscribe(filter, 1).has_value());
    EXPECT_TRUE(mqtt::testing::PollUntil({hub_.get()}, [&] { return hub_->connected(); }));
    EXPECT_TRUE(gateway_->Start(gateway_listener_).has_value());
    EXPECT_TRUE(
        gateway_->Subscribe(std::string(kPrefix) + "/" + kThing + "/streams/#", 1).has_value());
    EXPECT_TRUE(mqtt::testing::PollUntil({gateway_.get()}, [&] { return gateway_->connected(); }));
  }
  ~Streams() {
    gateway_->Stop();
    hub_->Stop();
  }
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  void Offer(const std::string& target) { source_.target = target; }

  [[nodiscard]] Result<MetadataFiles> Fetch(const std::string& stream) {
    MetadataFetch fetch({.prefix = kPrefix, .thing = kThing, .stream = stream}, clock_,
                        PublishOf(*gateway_));
    gateway_listener_.take = [&](const mqtt::Message& m) {
      (void)fetch.OnMessage(m.topic, m.payload);
    };
    fetch.Ask();
    const bool ended = mqtt::testing::PollUntil({hub_.get(), gateway_.get()}, [&] {
      server_.Work();
      fetch.Tick();
      return fetch.state() != jobs::DownloadState::kRunning;
    });
    gateway_listener_.take = {};
    if (!ended) return Fail(Errc::kUnavailable, "the stream does not end");
    if (fetch.state() == jobs::DownloadState::kDone) return fetch.files();
    // All that the hub can do to end it here, beside telling of no stream, is to offer too much.
    const bool none = fetch.reason() == "there is no such metadata stream";
    return Fail(none ? Errc::kNotFound : Errc::kExhausted, fetch.reason());
  }

 private:
  using Take = std::function<void(const mqtt::Message&)>;
  struct Listener : mqtt::Listener {
    explicit Listener(Take t = {}) : take(std::move(t)) {}
    void OnMessage(const mqtt::Message& message) override {
      if (take) take(message);
    }
    Take take;
  };
  [[nodiscard]] static jobs::StreamDownload::Publish PublishOf(mqtt::Client& client) {
    return [&client](const std::string& topic, std::span<const std::byte> payload) {
      return client.Publish(topic, payload, 1, false).has_value();
    };
  }
  [[nodiscard]] static int BrokersPort() {
    static const int port = mqtt::testing::FreePort();
    static mqtt::testing::Broker broker(port);
    static const bool started = (broker.Start(), true);
    (void)started;
    return port;
  }
  [[nodiscard]] static std::unique_ptr<mqtt::Client> MakeClient(const char* id) {
    return mqtt::MakeClient({.port = BrokersPort(), .client_id = id, .clean_session = true});
  }

  os::RealClock clock_;
  ShelfSource source_;
  std::unique_ptr<mqtt::Client> hub_ = MakeClient("hub"), gateway_ = MakeClient(kThing);
  jobs::StreamServer server_{source_, kPrefix, PublishOf(*hub_)};
  Listener hub_listener_{
      [this](const mqtt::Message& m) { (void)server_.OnMessage(m.topic, m.payload); }};
  Listener gateway_listener_;
};

/// The gateway's fetching, asked for one file at a time as the suite does.
class MqttFetcher : public trust::Fetcher {
 public:
  explicit MqttFetcher(Shelf& shelf) : shelf_(shelf), streams_(shelf) {}

  [[nodiscard]] Result<os::Bytes> Metadata(const std::string& name, size_t limit_bytes) override {
    shelf_.asked.push_back("metadata/" + name);
    if (!files_) {
      MW_TRY(files_, streams_.Fetch(kMetadata));
    }
    return StreamedMetadata(*files_).Metadata(name, limit_bytes);
  }
  [[nodiscard]] Result<os::Bytes> Target(const std::string& path, size_t limit_bytes) override {
    shelf_.asked.push_back("targets/" + path);
    streams_.Offer(path);
    MW_TRY(const MetadataFiles files, streams_.Fetch("pack"));
    return StreamedMetadata(files).Metadata("target", limit_bytes);
  }

 private:
  Shelf& shelf_;
  Streams streams_;
  std::optional<MetadataFiles> files_;
};

}  // namespace
}  // namespace millwright::agent

namespace millwright::trust::testing {

INSTANTIATE_TEST_SUITE_P(
    Mqtt, AttackTest,
    ::testing::Values(Transport{
        "mqtt", [](Shelf& shelf) { return std::make_unique<agent::MqttFetcher>(shelf); }}),
    [](const auto& info) { return info.param.name; });

}  // namespace millwright::trust::testing
