#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "jobs/base64.h"
#include "jobs/stream_download.h"
#include "jobs/stream_server.h"
#include "jobs/topics.h"

namespace millwright::jobs {
namespace {

Bytes RandomBytes(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  Bytes bytes(size);
  for (std::byte& b : bytes) b = static_cast<std::byte>(random());
  return bytes;
}

class OneFile : public StreamSource {
 public:
  explicit OneFile(Bytes bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] Result<std::optional<StreamInfo>> Describe(std::string_view,
                                                           std::string_view stream) override {
    if (stream != "s") return std::optional<StreamInfo>();
    return StreamInfo{
        .version = 3, .text = "a model", .files = {{.id = 1, .bytes = bytes_.size()}}};
  }
  [[nodiscard]] Result<Bytes> Read(std::string_view, std::string_view, int64_t, uint64_t offset,
                                   size_t size) override {
    const auto from = bytes_.begin() + static_cast<long>(offset);
    return Bytes(from, from + static_cast<long>(std::min<size_t>(size, bytes_.size() - offset)));
  }

 private:
  Bytes bytes_;
};

class MemorySink : public BlockSink {
 public:
  MemorySink(size_t bytes, uint32_t block)
      : bytes_(bytes), block_(block), have_((bytes + block - 1) / block) {}
  [[nodiscard]] uint32_t block_bytes() const override { return block_; }
  [[nodiscard]] std::vector<uint32_t> Missing(size_t count) const override {
    std::vector<uint32_t> out;
    for (uint32_t i = 0; i < have_.size() && out.size() < count; ++i)
      if (!have_[i]) out.push_back(i);
    return out;
  }
  [[nodiscard]] Result<void> Put(uint32_t block, std::span<const std::byte> bytes) override {
    if (block >= have_.size()) return Fail(Errc::kInvalid, "no such block");
    std::ranges::copy(bytes, bytes_.begin() + static_cast<long>(size_t{block} * block_));
    have_[block] = true;
    return {};
  }
  Bytes bytes_;

 private:
  uint32_t block_;
  std::vector<bool> have_;
};

TEST(StreamsTest, AFileArrivesWholeOverALossyLinkThatAlsoRepeats) {
  for (const Encoding encoding : {Encoding::kCbor, Encoding::kJson}) {
    for (uint64_t seed = 0; seed < 10; ++seed) {
      const Bytes file = RandomBytes(50'000 + seed * 131, seed);
      OneFile source(file);
      os::FakeClock clock;
      std::mt19937_64 random(seed);
      std::deque<std::pair<std::string, Bytes>> up, down;
      StreamServer server(source, "p", [&](const std::string& topic, std::span<const std::byte> m) {
        if (random() % 5 == 0) return random() % 2 == 0;  // refused for now, or lost
        for (uint64_t copies = 0; copies <= (random() % 6 == 0 ? 1 : 0); ++copies)
          down.emplace_back(topic, Bytes(m.begin(), m.end()));
        return true;
      });
      MemorySink sink(file.size(), 1024);
      StreamDownload download(
          {.prefix = "p", .thing = "t", .stream = "s", .file = 1, .encoding = encoding}, sink,
          clock, [&](const std::string& topic, std::span<const std::byte> m) {
            if (random() % 4 != 0) up.emplace_back(topic, Bytes(m.begin(), m.end()));
            return true;
          });
      download.Ask();
      for (int turn = 0; turn < 2000 && download.state() == DownloadState::kRunning; ++turn) {
        for (; !up.empty(); up.pop_front()) server.OnMessage(up.front().first, up.front().second);
        server.Work();
        if (down.size() > 1 && random() % 3 == 0) std::swap(down.front(), down.back());
        for (; !down.empty(); down.pop_front())
          download.OnMessage(down.front().first, down.front().second);
        clock.Advance(kSecond);
        download.Tick();
      }
      EXPECT_EQ(download.state(), DownloadState::kDone) << download.reason();
      EXPECT_EQ(sink.bytes_, file) << "seed " << seed;
    }
  }
}

struct Asked {
  std::vector<int64_t> blocks;
  std::string refused;
};

Asked Ask(const GetRequest& request, std::string_view stream = "s") {
  OneFile source(RandomBytes(10'000, 1));
  Asked asked;
  StreamServer server(source, "p", [&](const std::string& topic, std::span<const std::byte> m) {
    if (topic.find("/rejected/") != std::string::npos)
      asked.refused = ReadRefusal(m, Encoding::kJson)->code;
    else
      asked.blocks.push_back(ReadBlock(m, Encoding::kJson)->index);
    return true;
  });
  EXPECT_TRUE(server.OnMessage("p/t/streams/" + std::string(stream) + "/get/json",
                               Write(request, Encoding::kJson)));
  return asked;
}

TEST(StreamsTest, SendsTheBlocksThatWereAskedFor) {
  using Blocks = std::vector<int64_t>;
  EXPECT_EQ(Ask({.file = 1, .block_bytes = 4096}).blocks, (Blocks{0, 1, 2}));
  EXPECT_EQ(Ask({.file = 1, .block_bytes = 1000, .offset = 3, .count = 2}).blocks, (Blocks{3, 4}));
  EXPECT_EQ(Ask({.file = 1, .block_bytes = 1000, .offset = 2, .bitmap = {std::byte{0b101}}}).blocks,
            (Blocks{2, 4}));
  EXPECT_EQ(Ask({.file = 1, .block_bytes = 1000, .offset = 9, .bitmap = {std::byte{0xff}}}).blocks,
            (Blocks{9}));
}

TEST(StreamsTest, RefusesWhatIsNotThere) {
  EXPECT_EQ(Ask({.file = 1}, "none").refused, "ResourceNotFound");
  EXPECT_EQ(Ask({.file = 2}).refused, "ResourceNotFound");
  EXPECT_EQ(Ask({.version = 2, .file = 1}).refused, "VersionMismatch");
  EXPECT_EQ(Ask({.file = 1, .offset = 500}).refused, "BlockOffsetOutOfBounds");
  EXPECT_EQ(Ask({.file = 1, .block_bytes = 100}).refused, "InvalidRequest");
}

TEST(StreamsTest, ARefusalThatNoWaitingCuresEndsTheDownload) {
  os::FakeClock clock;
  MemorySink sink(5000, 1024);
  StreamDownload download({.prefix = "p", .thing = "t", .stream = "s"}, sink, clock,
                          [](const std::string&, std::span<const std::byte>) { return true; });
  download.Ask();
  const auto refuse = [&](const char* code) {
    download.OnMessage("p/t/streams/s/rejected/cbor",
                       Write(StreamRefusal{.code = code, .message = "x"}, Encoding::kCbor));
  };
  refuse("RequestThrottled");
  EXPECT_EQ(download.state(), DownloadState::kRunning);
  refuse("ResourceNotFound");
  EXPECT_EQ(download.state(), DownloadState::kFailed);
  EXPECT_NE(download.reason().find("ResourceNotFound"), std::string::npos);
}

TEST(StreamsTest, GarbageIsNoMessage) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    const Bytes bytes = RandomBytes(random() % 60, random());
    for (const Encoding encoding : {Encoding::kJson, Encoding::kCbor}) {
      (void)ReadGet(bytes, encoding);
      (void)ReadDescription(bytes, encoding);
      (void)ReadBlock(bytes, encoding);
      (void)ReadRefusal(bytes, encoding);
    }
  }
  const std::string huge = R"({"f":18446744073709551615,"l":1024})";
  EXPECT_FALSE(ReadGet(std::as_bytes(std::span(huge.data(), huge.size())), Encoding::kJson));
}

TEST(Base64Test, IsItsOwnInverseAndStrict) {
  for (size_t size = 0; size < 50; ++size) {
    const Bytes bytes = RandomBytes(size, size);
    EXPECT_EQ(*FromBase64(ToBase64(bytes)), bytes) << size;
  }
  EXPECT_EQ(ToBase64(std::as_bytes(std::span("foob", 4))), "Zm9vYg==");
  for (const char* text : {"Zg", "Zg=", "Zh==", "Z===", "====", "Zm9v!mFy", "Zm9vYmF\n"})
    EXPECT_FALSE(FromBase64(text)) << text;
}

}  // namespace
}  // namespace millwright::jobs
