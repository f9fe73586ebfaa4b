// HTTPS as browsers and gateways see it.
#include <gtest/gtest.h>
#include <httplib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "crypto/certificate.h"
#include "http/server.h"

namespace millwright::http {
namespace {

constexpr Nanos kLater = 4'000'000'000 * kSecond;

class TlsServerTest : public testing::Test {
 protected:
  TlsServerTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mw_https_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    const auto authority = crypto::Authority::Make(
        {.name = "ca", .purpose = crypto::Purpose::kAuthority, .until = kLater});
    const auto key = crypto::PrivateKey::Generate(crypto::Scheme::kEcdsaP256);
    const auto certificate = authority->Issue(key->Public(), {.name = "hub",
                                                              .purpose = crypto::Purpose::kServer,
                                                              .until = kLater,
                                                              .hosts = {"127.0.0.1"}});
    std::ofstream(File("ca.pem")) << authority->certificate().Pem();
    std::ofstream(File("server.pem")) << certificate->Pem();
    std::ofstream(File("server.key")) << *key->Pem();
  }
  ~TlsServerTest() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  [[nodiscard]] std::string File(const char* name) const { return folder_ / name; }

  void Start() {
    router_.Add("GET", "/large", [](const Request&) {
      Response response;
      response.body = std::string(3'000'000, 'x');
      return response;
    });
    router_.Add("POST", "/echo", [](const Request& request) {
      Response response;
      response.body = request.body;
      return response;
    });
    router_.Add("GET", "/stream", [](const Request&) {
      Response response;
      response.stream = true;
      response.body = "event: hello\ndata: {}\n\n";
      return response;
    });
    ServerOptions options;
    options.tls = {.certificate = File("server.pem"), .key = File("server.key")};
    server_ = std::make_unique<Server>(options, router_, [](const Exchange&) {});
    const auto started = server_->Start();
    ASSERT_TRUE(started) << started.error().what;
  }
  [[nodiscard]] std::unique_ptr<httplib::SSLClient> Client() const {
    auto client = std::make_unique<httplib::SSLClient>("127.0.0.1", server_->port());
    client->set_ca_cert_path(File("ca.pem").c_str());
    client->enable_server_certificate_verification(true);
    client->set_read_timeout(20);
    return client;
  }

  std::filesystem::path folder_;
  Router router_;
  std::unique_ptr<Server> server_;
};

TEST_F(TlsServerTest, CarriesLargeBodiesBothWays) {
  Start();
  const auto client = Client();
  client->set_keep_alive(true);
  for (int i = 0; i < 3; ++i) {
    const auto large = client->Get("/large", {{"Accept-Encoding", "identity"}});
    ASSERT_TRUE(large) << httplib::to_string(large.error());
    EXPECT_EQ(large->body.size(), 3'000'000U);
    const std::string body(900'000, 'y');
    const auto echo = client->Post("/echo", body, "text/plain");
    ASSERT_TRUE(echo);
    EXPECT_EQ(echo->body, body);
  }
}

TEST_F(TlsServerTest, ManyClientsAtOnce) {
  Start();
  std::atomic<int> good = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 16; ++i)
    threads.emplace_back([&] {
      const auto answer = Client()->Post("/echo", "abc", "text/plain");
      good += answer && answer->body == "abc" ? 1 : 0;
    });
  threads.clear();
  EXPECT_EQ(good, 16);
}

TEST_F(TlsServerTest, StreamsEvents) {
  Start();
  std::atomic<bool> ended = false;
  std::jthread sender([&] {
    while (!ended) {
      server_->Send("tick", "{\"n\":1}", false);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  });
  std::string text;
  const auto client = Client();
  (void)client->Get("/stream", [&](const char* data, size_t size) {
    text.append(data, size);
    return text.find("event: tick") == std::string::npos;
  });
  ended = true;
  EXPECT_NE(text.find("event: hello"), std::string::npos);
  EXPECT_NE(text.find("event: tick"), std::string::npos);
}

TEST_F(TlsServerTest, RefusesOldTlsAndPlainText) {
  Start();
  const auto old = Client();
  SSL_CTX_set_max_proto_version(old->ssl_context(), TLS1_2_VERSION);
  EXPECT_FALSE(old->Post("/echo", "abc", "text/plain"));
  httplib::Client plain("127.0.0.1", server_->port());
  EXPECT_FALSE(plain.Post("/echo", "abc", "text/plain"));
  EXPECT_TRUE(Client()->Post("/echo", "abc", "text/plain"));
}

TEST_F(TlsServerTest, AStopDoesNotWaitForWhoeverIsThere) {
  Start();
  const auto client = Client();
  client->set_keep_alive(true);
  EXPECT_TRUE(client->Post("/echo", "abc", "text/plain"));
  server_->Stop();
  EXPECT_FALSE(client->Post("/echo", "abc", "text/plain"));
}

TEST_F(TlsServerTest, SaysWhichFileIsWrong) {
  for (const auto& [tls, name] :
       {std::pair{TlsFiles{.certificate = File("none.pem"), .key = File("server.key")}, "none.pem"},
        std::pair{TlsFiles{.certificate = File("ca.pem"), .key = File("server.key")},
                  "server.key"}}) {
    ServerOptions options;
    options.tls = tls;
    Server server(options, router_, [](const Exchange&) {});
    const auto started = server.Start();
    ASSERT_FALSE(started);
    EXPECT_NE(started.error().what.find(name), std::string::npos) << started.error().what;
  }
}

}  // namespace
}  // namespace millwright::http
