#include "client.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <thread>

#include "core/mutex.h"
#include "http_fetcher.h"
#include "trust/testing/attacks.h"

namespace millwright::tuf {
namespace {

using trust::testing::Repository;
using trust::testing::Shelf;

// Serves a shelf on a free port of the loopback for as long as it lives.
class ShelfServer {
 public:
  explicit ShelfServer(Shelf& shelf) : shelf_(shelf) {
    // `target` is the path as it was sent: names on the shelf are quoted.
    server_.Get(".*", [this](const httplib::Request& request, httplib::Response& response) {
      if (status_ != 0) {
        response.status = status_;
        return;
      }
      const MutexLock lock(mutex_);
      const os::Bytes* bytes = shelf_.Get(request.target.substr(1));
      if (bytes == nullptr) {
        response.status = 404;
        return;
      }
      response.set_content(std::string(os::AsText(*bytes)), "application/octet-stream");
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();  // stop() before that is lost
  }
  ~ShelfServer() {
    server_.stop();
    thread_.join();
  }
  void AnswerWith(int status) { status_ = status; }
  /// Before and after a request: a test changes and reads the shelf in between, and that the answer
  /// came later is nothing that ThreadSanitizer could know.
  void Meet() const { const MutexLock lock(mutex_); }
  [[nodiscard]] std::string Url(const std::string& folder) const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/" + folder;
  }

 private:
  Shelf& shelf_;
  mutable Mutex mutex_;
  httplib::Server server_;
  std::atomic<int> status_ = 0;
  int port_ = 0;
  std::thread thread_;
};

// A fetcher that owns the server which it talks to.
class Loopback : public trust::Fetcher {
 public:
  explicit Loopback(Shelf& shelf)
      : server_(shelf),
        http_(HttpFetcher::Make(server_.Url("metadata"), server_.Url("targets")).value()) {}
  Result<os::Bytes> Metadata(const std::string& name, size_t limit) override {
    return Met([&] { return http_->Metadata(name, limit); });
  }
  Result<os::Bytes> Target(const std::string& path, size_t limit) override {
    return Met([&] { return http_->Target(path, limit); });
  }

 private:
  template <typename Request>
  Result<os::Bytes> Met(const Request& request) const {
    server_.Meet();
    auto answer = request();
    server_.Meet();
    return answer;
  }
  ShelfServer server_;
  std::unique_ptr<HttpFetcher> http_;
};

class HttpFetcherTest : public ::testing::Test {
 protected:
  Repository repo;
  ShelfServer server{repo.shelf};
  std::unique_ptr<HttpFetcher> fetcher =
      HttpFetcher::Make(server.Url("metadata/"), server.Url("targets/")).value();
};

TEST_F(HttpFetcherTest, TellsMissingFromBroken) {
  EXPECT_TRUE(fetcher->Metadata("1.root.json", 1 << 20).has_value());
  EXPECT_EQ(fetcher->Metadata("2.root.json", 1 << 20).error().code, Errc::kNotFound);
  server.AnswerWith(403);
  EXPECT_EQ(fetcher->Metadata("1.root.json", 1 << 20).error().code, Errc::kNotFound);
  server.AnswerWith(500);
  EXPECT_EQ(fetcher->Metadata("1.root.json", 1 << 20).error().code, Errc::kUnavailable);
}

TEST_F(HttpFetcherTest, ReadsNoFurtherThanTheLimit) {
  const size_t size = repo.on_shelf("metadata/1.root.json").size();
  EXPECT_EQ(fetcher->Metadata("1.root.json", size)->size(), size);
  EXPECT_EQ(fetcher->Metadata("1.root.json", size - 1).error().code, Errc::kExhausted);
}

TEST_F(HttpFetcherTest, NobodyThereIsUnavailable) {
  std::string url;
  {
    Shelf shelf;
    const ShelfServer gone(shelf);
    url = gone.Url("metadata/");
  }
  const auto lonely = HttpFetcher::Make(url, {}).value();
  EXPECT_EQ(lonely->Metadata("1.root.json", 100).error().code, Errc::kUnavailable);
  EXPECT_EQ(lonely->Target("a", 100).error().code, Errc::kInvalid);
}

TEST_F(HttpFetcherTest, AddressesAreChecked) {
  EXPECT_FALSE(HttpFetcher::Make("ftp://hub/", {}).has_value());
  EXPECT_FALSE(HttpFetcher::Make("hub", {}).has_value());
}

TEST(TufClientTest, NamesOfTargetsStayInTheFolder) {
  EXPECT_EQ(LocalName("../../etc/passwd"), "..%2F..%2Fetc%2Fpasswd");
  EXPECT_EQ(LocalName(".."), ".%2E");
  EXPECT_EQ(LocalName("a.tmp"), "a%2Etmp");
}

TEST(TufClientTest, DownloadsOnceAndAgainOnlyWhenDamaged) {
  Repository repo;
  repo.AddTarget("models/pump/1.tar", "weights");
  repo.PublishTargets();
  const ShelfServer server(repo.shelf);
  os::FakeFiles files;
  const os::FakeClock clock(Repository::kNow * kSecond);
  ASSERT_TRUE(files.WriteDurably("root.json", repo.on_shelf("metadata/1.root.json")).has_value());
  const ClientOptions options{.metadata_dir = "metadata",
                              .metadata_url = server.Url("metadata"),
                              .target_base_url = server.Url("targets"),
                              .target_dir = "targets",
                              .target_names = {"models/pump/1.tar"},
                              .trusted_root = "root.json"};
  ASSERT_TRUE(Init(files, options).has_value());
  const auto fetches = [&] {
    server.Meet();
    const auto count =
        std::count_if(repo.shelf.asked.begin(), repo.shelf.asked.end(),
                      [](const std::string& path) { return path.starts_with("targets/"); });
    server.Meet();
    return count;
  };
  ASSERT_TRUE(Download(files, clock, options).has_value());
  ASSERT_TRUE(Download(files, clock, options).has_value());
  EXPECT_EQ(fetches(), 1);
  ASSERT_TRUE(
      files.WriteDurably("targets/models%2Fpump%2F1.tar", os::AsBytes("weightS")).has_value());
  ASSERT_TRUE(Download(files, clock, options).has_value());
  EXPECT_EQ(fetches(), 2);
  EXPECT_EQ(os::AsText(files.Read("targets/models%2Fpump%2F1.tar", 100).value()), "weights");
}

}  // namespace
}  // namespace millwright::tuf

namespace millwright::trust::testing {

INSTANTIATE_TEST_SUITE_P(Http, AttackTest,
                         ::testing::Values(Transport{
                             "http",
                             [](Shelf& shelf) { return std::make_unique<tuf::Loopback>(shelf); }}),
                         [](const auto& info) { return info.param.name; });

}  // namespace millwright::trust::testing
