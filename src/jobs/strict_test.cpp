// Ours meets ours with AWS's limits between, and the limits refuse what AWS would.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "jobs/details.h"
#include "jobs/jobs_client.h"
#include "jobs/jobs_server.h"
#include "jobs/stream_download.h"
#include "jobs/stream_server.h"
#include "jobs/testing/memory_store.h"
#include "jobs/testing/strict_link.h"
#include "jobs/topics.h"

namespace millwright::jobs {
namespace {

using nlohmann::json;

std::span<const std::byte> Raw(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

constexpr const char* kThing = "gw:1_a-b";
constexpr const char* kHead = "$aws/things/gw:1_a-b/";

class Shelf : public StreamSource {
 public:
  Bytes file = Bytes(200'000);
  [[nodiscard]] Result<std::optional<StreamInfo>> Describe(std::string_view,
                                                           std::string_view) override {
    return StreamInfo{.text = "a model", .files = {{.id = 0, .bytes = file.size()}}};
  }
  [[nodiscard]] Result<Bytes> Read(std::string_view, std::string_view, int64_t, uint64_t offset,
                                   size_t size) override {
    const auto from = file.begin() + static_cast<long>(offset);
    return Bytes(from, from + static_cast<long>(std::min<size_t>(size, file.size() - offset)));
  }
};

class Sink : public BlockSink {
 public:
  Sink(size_t bytes, uint32_t block)
      : bytes_(bytes), block_(block), have_((bytes + block - 1) / block) {}
  [[nodiscard]] uint32_t block_bytes() const override { return block_; }
  [[nodiscard]] std::vector<uint32_t> Missing(size_t count) const override {
    std::vector<uint32_t> out;
    for (uint32_t i = 0; i < have_.size() && out.size() < count; ++i)
      if (!have_[i]) out.push_back(i);
    return out;
  }
  [[nodiscard]] Result<void> Put(uint32_t block, std::span<const std::byte> bytes) override {
    std::ranges::copy(bytes, bytes_.begin() + static_cast<long>(size_t{block} * block_));
    have_[block] = true;
    return {};
  }
  Bytes bytes_;

 private:
  uint32_t block_;
  std::vector<bool> have_;
};

// A service on one broker, a device on another, the strict link between.
class StrictTest : public testing::Test {
 protected:
  class Party : public mqtt::Listener {
   public:
    Party(mqtt::FakeBroker& broker, const char* id)
        : client(broker.MakeClient({.client_id = id, .clean_session = true})) {
      EXPECT_TRUE(client->Start(*this));
    }
    void Subscribe(const std::vector<std::string>& filters) {
      for (const std::string& filter : filters) EXPECT_TRUE(client->Subscribe(filter, 1));
    }
    bool Publish(const std::string& topic, std::span<const std::byte> payload) {
      return client->Publish(topic, payload, 1, false).has_value();
    }
    void OnMessage(const mqtt::Message& message) override { heard(message); }
    std::unique_ptr<mqtt::Client> client;
    std::function<void(const mqtt::Message&)> heard = [](const mqtt::Message&) {};
  };

  StrictTest() {
    Connect();
    service_.Subscribe(jobs_.Filters());
    service_.Subscribe(streams_.Filters());
    service_.heard = [this](const mqtt::Message& m) {
      if (!jobs_.OnMessage(m.topic, m.payload)) streams_.OnMessage(m.topic, m.payload);
    };
    for (const std::string& filter : device_jobs_.Filters())
      EXPECT_FALSE(link_.iot().Subscribe(filter)) << filter;
    device_.Subscribe(device_jobs_.Filters());
    device_.heard = [this](const mqtt::Message& m) {
      if (!device_jobs_.OnMessage(m.topic, m.payload) && download_)
        download_->OnMessage(m.topic, m.payload);
    };
  }
  void Connect() {
    for (int i = 0; i < 4; ++i) {
      service_.client->Poll(0);
      link_.Work();
      device_.client->Poll(0);
    }
  }
  void Queue(const std::string& id, const std::string& document = "{}") {
    EXPECT_TRUE(
        store_.Save(kThing, {.job_id = id, .queued_at = clock_.Utc(), .document = document}));
    jobs_.OnJobsChanged(kThing);
  }
  void Turn() {
    for (int i = 0; i < 4; ++i) {
      service_.client->Poll(0);
      streams_.Work();
      link_.Work();
      device_.client->Poll(0);
    }
    clock_.Advance(kSecond);
    device_jobs_.Tick();
    if (download_) download_->Tick();
  }
  [[nodiscard]] std::string Refused() const {
    std::string text;
    for (const std::string& one : link_.refused()) text += one + "\n";
    return text;
  }

  os::FakeClock clock_;
  mqtt::FakeBroker near_, far_;
  StrictLink link_{kThing, near_, far_, clock_};
  Party service_{far_, "hub"}, device_{near_, "device"};
  MemoryJobStore store_;
  Shelf shelf_;
  JobsServer jobs_{store_, clock_, "$aws/things",
                   [this](const std::string& topic, const std::string& text) {
                     service_.Publish(topic, Raw(text));
                   }};
  StreamServer streams_{shelf_, "$aws/things",
                        [this](const std::string& topic, std::span<const std::byte> m) {
                          return service_.Publish(topic, m);
                        }};
  JobsClient device_jobs_{"$aws/things", kThing, clock_,
                          [this](const std::string& topic, const std::string& text) {
                            return device_.Publish(topic, Raw(text));
                          },
                          [](const std::optional<Job>&) {}};
  std::optional<StreamDownload> download_;
};

TEST_F(StrictTest, NothingOfOursIsRefused) {
  const std::string large = json{{"operation", std::string(32'000, 'x')}}.dump();
  for (int i = 0; i < 40; ++i) Queue("job-" + std::to_string(i), large);
  device_jobs_.OnConnected();
  int reports = 0;
  for (int turn = 0; turn < 400 && (turn < 5 || device_jobs_.job()); ++turn) {
    if (device_jobs_.job() && !device_jobs_.reporting()) {
      const Details odd = {{"phase", "shadow"},
                           {"reason", "line one\nline two " + std::string(3000, 'y')},
                           {"progress", ""},
                           {"not a key", "x"}};
      device_jobs_.Report(++reports % 2 == 0 ? Status::kSucceeded : Status::kInProgress, odd);
    }
    Turn();
  }
  EXPECT_TRUE(store_.Pending(kThing)->empty());
  EXPECT_EQ(Refused(), "");
  EXPECT_GT(link_.passed(), 200U);
}

TEST_F(StrictTest, BlocksOfEverySizeThatGatewaysMayAskForPass) {
  std::mt19937_64 random(1);
  for (std::byte& b : shelf_.file) b = static_cast<std::byte>(random());
  for (const Encoding encoding : {Encoding::kCbor, Encoding::kJson}) {
    for (const uint32_t block : {256U, 8192U, 32768U, 98304U}) {
      if (encoding == Encoding::kJson && block == 98304)
        continue;  // base64 makes it a third larger
      Sink sink(shelf_.file.size(), block);
      download_.emplace(DownloadOptions{.prefix = "$aws/things",
                                        .thing = kThing,
                                        .stream = "mw-pack-1",
                                        .encoding = encoding},
                        sink, clock_,
                        [this](const std::string& topic, std::span<const std::byte> m) {
                          return device_.Publish(topic, m);
                        });
      device_.Subscribe(download_->Filters());
      download_->Ask();
      for (int i = 0; i < 500 && download_->state() == DownloadState::kRunning; ++i) Turn();
      EXPECT_EQ(download_->state(), DownloadState::kDone) << block;
      EXPECT_EQ(sink.bytes_, shelf_.file) << block;
      EXPECT_EQ(Refused(), "") << block;
      download_.reset();
    }
  }
}

struct Breach {
  const char* why;
  std::string topic;
  std::string payload;
  int qos = 1;
};

std::string Update(const json& more = json::object()) {
  json body = {{"status", "IN_PROGRESS"}};
  body.update(more);
  return body.dump();
}

json ManyDetails(int count) {
  json details = json::object();
  for (int i = 0; i < count; ++i) details["k" + std::to_string(i)] = "v";
  return {{"statusDetails", details}};
}

TEST(StrictIotTest, RefusesWhatADeviceMustNotSay) {
  const std::string update = std::string(kHead) + "jobs/j/update";
  const std::string get = std::string(kHead) + "streams/s/get/json";
  const std::vector<Breach> breaches = {
      {"256 bytes", kHead + std::string(250, 'x'), "{}"},
      {"7 slashes", std::string(kHead) + "jobs/a/b/c/d/e", "{}"},
      {"131073 bytes", update, std::string(131073, ' ')},
      {"QoS 2", update, Update(), 2},
      {"another thing", "$aws/things/other/jobs/get", "{}"},
      {"no request", std::string(kHead) + "jobs/j/delete", "{}"},
      {"no topic", std::string(kHead) + "shadow/get", "{}"},
      {"job's id", std::string(kHead) + "jobs/a.b/update", Update()},
      {"job's id", std::string(kHead) + "jobs/" + std::string(65, 'j') + "/update", Update()},
      {"no JSON object", update, "[]"},
      {"says QUEUED", update, R"({"status":"QUEUED"})"},
      {"says CANCELED", update, R"({"status":"CANCELED"})"},
      {"client token", update, Update({{"clientToken", std::string(65, 't')}})},
      {"client token", update, Update({{"clientToken", "a b"}})},
      {"client token", update, Update({{"clientToken", ""}})},
      {"more than 10 pairs", update, Update(ManyDetails(11))},
      {"detail's key", update, Update({{"statusDetails", {{"a b", "v"}}}})},
      {"detail's key", update, Update({{"statusDetails", {{std::string(129, 'k'), "v"}}}})},
      {"wrong length", update, Update({{"statusDetails", {{"k", ""}}}})},
      {"wrong length", update, Update({{"statusDetails", {{"k", std::string(1025, 'v')}}}})},
      {"control character", update, Update({{"statusDetails", {{"k", "a\nb"}}}})},
      {"no text", update, Update({{"statusDetails", {{"k", 1}}}})},
      {"stepTimeoutInMinutes", update, Update({{"stepTimeoutInMinutes", 10081}})},
      {"the member state", update, Update({{"state", 1}})},
      {"f is not 0 to 255", get, R"({"f":256,"l":4096})"},
      {"l is not 256 to 131072", get, R"({"f":0,"l":255})"},
      {"l is not 256 to 131072", get, R"({"f":0,"l":131073})"},
      {"o is not 0 to 98304", get, R"({"f":0,"l":4096,"o":98305})"},
      {"n is not 1 to 98304", get, R"({"f":0,"l":4096,"n":0})"},
      {"n is not 1 to 98304", get, R"({"f":0,"l":4096,"n":98305})"},
      {"bitmap", get, json{{"f", 0}, {"l", 256}, {"b", std::string(16400, 'A')}}.dump()},
      {"without file", get, "{}"},
      {"stream contract", std::string(kHead) + "streams/s/get/xml", "{}"},
  };
  for (const Breach& breach : breaches) {
    StrictIot iot(kThing);
    const auto why = iot.FromDevice(breach.topic, Raw(breach.payload), breach.qos, 0);
    ASSERT_TRUE(why) << breach.why;
    EXPECT_NE(why->find(breach.why), std::string::npos) << *why << ", not " << breach.why;
  }
  StrictIot iot(kThing);
  EXPECT_FALSE(iot.FromDevice(update, Raw(Update(ManyDetails(10))), 1, 0));
  EXPECT_FALSE(iot.FromDevice(get, Raw(R"({"c":"t","f":0,"l":131072,"o":98304,"n":1})"), 1, 0));
}

TEST(StrictIotTest, RefusesWhatAServiceWouldNotSay) {
  const StrictIot iot(kThing);
  const std::string jobs = std::string(kHead) + "jobs/",
                    streams = std::string(kHead) + "streams/s/";
  json many = {{"timestamp", 1}, {"jobs", {{"QUEUED", json::array()}}}};
  for (int i = 0; i < 16; ++i) many["jobs"]["QUEUED"].push_back({{"jobId", "j"}});
  json files = {{"d", ""}, {"r", json::array()}};
  for (int i = 0; i < 51; ++i) files["r"].push_back({{"f", i}, {"z", 1}});
  const json large = {{"timestamp", 1},
                      {"execution", {{"jobDocument", {{"x", std::string(32768, 'x')}}}}}};
  const std::vector<Breach> breaches = {
      {"more than 15", jobs + "notify", many.dump()},
      {"32 KiB", jobs + "notify-next", large.dump()},
      {"without its time", jobs + "j/get/accepted", "{}"},
      {"unknown code", jobs + "j/update/rejected", R"({"timestamp":1,"code":"Oops"})"},
      {"no answer", jobs + "j/update/perhaps", R"({"timestamp":1})"},
      {"51 files", streams + "description/json", files.dump()},
      {"description", streams + "description/json",
       json{{"d", std::string(2029, 'd')}, {"r", {{{"f", 0}, {"z", 1}}}}}.dump()},
      {"without its bytes", streams + "data/json", R"({"f":0,"i":0,"l":1})"},
      {"i is not", streams + "data/json", R"({"f":0,"i":98305,"l":1,"p":"AA=="})"},
  };
  for (const Breach& breach : breaches) {
    const auto why = iot.FromService(breach.topic, Raw(breach.payload), 1);
    ASSERT_TRUE(why) << breach.why;
    EXPECT_NE(why->find(breach.why), std::string::npos) << *why << ", not " << breach.why;
  }
}

TEST(StrictIotTest, CountsPublishesAndSubscriptions) {
  StrictIot iot(kThing);
  const std::string get = std::string(kHead) + "jobs/get";
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(iot.FromDevice(get, Raw("{}"), 1, i));
  EXPECT_TRUE(iot.FromDevice(get, Raw("{}"), 1, 100));
  EXPECT_FALSE(iot.FromDevice(get, Raw("{}"), 1, kSecond + 200));
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(iot.Subscribe("t/" + std::to_string(i)));
  EXPECT_TRUE(iot.Subscribe("t/50"));
}

TEST_F(StrictTest, ALinkKeepsWhatItRefused) {
  device_.Publish(std::string(kHead) + "jobs/j/update", Raw(R"({"status":"TIMED_OUT"})"));
  Turn();
  ASSERT_EQ(link_.refused().size(), 1U);
  EXPECT_NE(Refused().find("says TIMED_OUT"), std::string::npos);
}

TEST(DetailsTest, FitsWhatTheContractTakes) {
  const std::string long_text =
      std::string(1023, 'a') + "\xc3\xa4";  // ends in the middle of a letter
  const Details fitted = FitDetails(
      {{"a", "one\ntwo\x7f"}, {"b", ""}, {"not this", "x"}, {"c", long_text}, {"d", "x\xc2\x85y"}});
  EXPECT_EQ(fitted, (Details{{"a", "one two "}, {"c", std::string(1023, 'a')}, {"d", "x  y"}}));
  EXPECT_TRUE(CheckDetails(fitted));
  for (const Details& wrong :
       {Details{{"a b", "v"}}, Details{{"k", ""}}, Details{{"k", "\n"}}, Details{{"", "v"}},
        Details{{"k", std::string(1025, 'v')}}, Details{{"k", "\xc2\x80"}}})
    EXPECT_FALSE(CheckDetails(wrong));
}

TEST(DetailsTest, ALongTokenIsRefusedRatherThanCut) {
  MemoryJobStore store;
  os::FakeClock clock;
  std::string told;
  JobsServer server(store, clock, "p", [&](const std::string& topic, const std::string& text) {
    told = topic + " " + text;
  });
  server.OnMessage("p/t/jobs/get", Raw(json{{"clientToken", std::string(65, 't')}}.dump()));
  EXPECT_NE(told.find("rejected"), std::string::npos);
  EXPECT_NE(told.find("InvalidRequest"), std::string::npos);
  EXPECT_EQ(told.find("ttt"), std::string::npos);
}

}  // namespace
}  // namespace millwright::jobs
