#include "http/server.h"

#include "http/gzip.h"

#include <gtest/gtest.h>
#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace millwright::http {
namespace {

class ServerTest : public testing::Test {
 protected:
  void Start(const ServerOptions& options = {}) {
    router_.Add("GET", "/hello", [](const Request& request) {
      Response response;
      response.body = "{\"q\":\"" + std::string(request.Query("q").value_or("")) + "\"}";
      response.etag = "\"v1\"";
      return response;
    });
    router_.Add("GET", "/large", [](const Request&) {
      Response response;
      response.body = std::string(300'000, 'x');
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
    server_ = std::make_unique<Server>(options, router_, [this](const Exchange&) { ++exchanges_; });
    const auto started = server_->Start();
    ASSERT_TRUE(started) << started.error().what;
  }

  httplib::Client Client() {
    httplib::Client client("127.0.0.1", server_->port());
    client.set_read_timeout(20);
    return client;
  }

  // A raw connection that has sent `request`.
  int Connect(const std::string& request) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(server_->port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(send(fd, request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
    return fd;
  }

  static std::string ReadUntil(int fd, const std::string& mark) {
    std::string text;
    char buffer[4096];
    while (text.find(mark) == std::string::npos) {
      const ssize_t got = recv(fd, buffer, sizeof buffer, 0);
      if (got <= 0) break;
      text.append(buffer, static_cast<size_t>(got));
    }
    return text;
  }

  Router router_;
  std::atomic<int> exchanges_{0};
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersWithSecurityHeadersAndCountsIt) {
  Start();
  auto client = Client();
  const auto result = client.Get("/hello?q=a%20b");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->body, "{\"q\":\"a b\"}");
  EXPECT_NE(result->get_header_value("Content-Security-Policy").find("default-src 'none'"),
            std::string::npos);
  EXPECT_EQ(result->get_header_value("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(exchanges_, 1);
}

TEST_F(ServerTest, KnownETagIs304WithoutABody) {
  Start();
  auto client = Client();
  const auto result = client.Get("/hello", {{"If-None-Match", "\"v1\""}});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 304);
  EXPECT_TRUE(result->body.empty());
}

TEST_F(ServerTest, LargeAnswersAreCompressedForWhoTakesIt) {
  Start();
  auto client = Client();
  client.set_decompress(false);
  const auto packed = client.Get("/large", {{"Accept-Encoding", "gzip"}});
  ASSERT_TRUE(packed);
  // Once: Prometheus, among others, does not unpack twice.
  EXPECT_EQ(packed->get_header_value_count("Content-Encoding"), 1u);
  EXPECT_EQ(packed->get_header_value("Content-Encoding"), "gzip");
  EXPECT_LT(packed->body.size(), 10'000u);
  EXPECT_EQ(Gunzip(packed->body).value_or("").size(), 300'000u);
  const auto plain = client.Get("/large", {{"Accept-Encoding", "identity"}});
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->body.size(), 300'000u);
}

TEST_F(ServerTest, ARoutesOwnWordsOnAnErrorArrive) {
  router_.Add("GET", "/closed",
              [](const Request&) { return Problem(403, "forbidden", "not at this plant"); });
  Start();
  const auto refused = Client().Get("/closed");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 403);
  EXPECT_NE(refused->body.find("not at this plant"), std::string::npos) << refused->body;
}

TEST_F(ServerTest, ErrorsAreProblems) {
  Start();
  auto client = Client();
  const auto missing = client.Get("/nothing");
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->status, 404);
  EXPECT_EQ(missing->get_header_value("Content-Type"), "application/problem+json");
  const auto method = client.Post("/hello", "x", "text/plain");
  ASSERT_TRUE(method);
  EXPECT_EQ(method->status, 405);
  EXPECT_EQ(method->get_header_value("Allow"), "GET");
}

TEST_F(ServerTest, BodyBeyondTheLimitIsRefused) {
  Start({.body_bytes_max = 100});
  auto client = Client();
  EXPECT_EQ(client.Post("/echo", "abc", "text/plain")->body, "abc");
  EXPECT_EQ(client.Post("/echo", std::string(1000, 'x'), "text/plain")->status, 413);
}

TEST_F(ServerTest, GarbageIsRefusedAndTheNextClientServed) {
  Start();
  for (const std::string& garbage :
       {std::string("\0\1\2\3\r\n\r\n", 8), std::string("GET\r\n\r\n"),
        std::string("GET /") + std::string(20'000, 'a') + " HTTP/1.1\r\n\r\n",
        std::string("GET /hello HTTP/1.1\r\nA:") + std::string(100'000, 'b') + "\r\n\r\n"}) {
    const int fd = Connect(garbage.substr(0, 60'000));
    shutdown(fd, SHUT_WR);
    ReadUntil(fd, "never");
    close(fd);
  }
  EXPECT_EQ(Client().Get("/hello")->status, 200);
}

TEST_F(ServerTest, RefusesANameThatWasRebound) {
  Start();
  auto client = Client();
  EXPECT_EQ(client.Get("/hello", {{"Host", "evil.example:8080"}})->status, 421);
  EXPECT_EQ(client.Get("/hello", {{"Host", "[::1]:8080"}})->status, 200);
  EXPECT_EQ(client.Get("/hello", {{"Host", "localhost"}})->status, 200);
}

TEST_F(ServerTest, AnswersToTheNamesThatAreListed) {
  ServerOptions options;
  options.hosts = {"hub.example"};
  Start(options);
  EXPECT_EQ(Client().Get("/hello", {{"Host", "hub.example:80"}})->status, 200);
}

TEST_F(ServerTest, PipelinedRequestsAreAllAnswered) {
  Start();
  const std::string request = "GET /hello?q=1 HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const int fd =
      Connect(request + request + "GET /hello?q=last HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_NE(ReadUntil(fd, "{\"q\":\"last\"}").find("{\"q\":\"last\"}"), std::string::npos);
  close(fd);
}

TEST_F(ServerTest, StreamClientsGetEventsWithIdsAndWhatTheyMissed) {
  Start();
  const int fd = Connect("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const std::string head = ReadUntil(fd, "event: hello\ndata: {}\n\n");
  EXPECT_NE(head.find("Content-Type: text/event-stream"), std::string::npos);
  server_->Send("alarm", "{\"n\":1}", true);
  server_->Send("alarm", "{\"n\":2}", true);
  const std::string events = ReadUntil(fd, "{\"n\":2}");
  const size_t id = events.find("id: ");
  ASSERT_NE(id, std::string::npos);
  const std::string first_id = events.substr(id + 4, events.find('\n', id) - id - 4);
  close(fd);

  const int again =
      Connect("GET /stream HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: " + first_id + "\r\n\r\n");
  const std::string missed = ReadUntil(again, "{\"n\":2}");
  EXPECT_EQ(missed.find("{\"n\":1}"), std::string::npos);
  EXPECT_NE(missed.find("{\"n\":2}"), std::string::npos);
  close(again);
}

TEST_F(ServerTest, TwoHundredStreamsDoNotHinderRequests) {
  Start({.workers = 4});
  std::vector<int> streams;
  streams.reserve(200);
  for (int i = 0; i < 200; ++i)
    streams.push_back(Connect("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  for (const int fd : streams) ReadUntil(fd, "event: hello");
  EXPECT_EQ(server_->counts().streams, 200);
  auto client = Client();
  for (int i = 0; i < 100; ++i) {
    server_->Send("tick", "{\"n\":" + std::to_string(i) + "}", false);
    const auto result = client.Get("/hello");
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status, 200);
  }
  for (const int fd : streams)
    EXPECT_NE(ReadUntil(fd, "{\"n\":99}").find("{\"n\":99}"), std::string::npos);
  for (const int fd : streams) close(fd);
}

TEST_F(ServerTest, StreamBeyondTheLimitIsAProblem) {
  ServerOptions options;
  options.connections.streams_max = 1;
  Start(options);
  const int fd = Connect("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ReadUntil(fd, "hello");
  const auto result = Client().Get("/stream");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 503);
  EXPECT_EQ(result->get_header_value("Content-Type"), "application/problem+json");
  close(fd);
}

TEST_F(ServerTest, SlowStreamClientIsDroppedAndCounted) {
  ServerOptions options;
  options.connections.stream_queue_bytes_max = 1 << 20;
  Start(options);
  const int fd = Connect("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const std::string megabyte(1 << 20, 'x');
  // The kernel's buffers take some megabytes before ours fill.
  for (int i = 0; i < 200 && server_->counts().streams_dropped_slow == 0; ++i) {
    server_->Send("bulk", megabyte, false);
    std::this_thread::yield();
  }
  while (server_->counts().streams_dropped_slow == 0) std::this_thread::yield();
  EXPECT_EQ(server_->counts().streams, 0);
  close(fd);
}

TEST_F(ServerTest, ConnectionsBeyondTheLimitAreTold) {
  ServerOptions options;
  options.connections.connections_max = 1;
  Start(options);
  const int first = Connect("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ReadUntil(first, "hello");
  const int second = Connect("");
  EXPECT_NE(ReadUntil(second, "503").find("503"), std::string::npos);
  close(first);
  close(second);
}

TEST_F(ServerTest, StopsWithOpenStreamsAndHalfRequests) {
  Start();
  const int stream = Connect("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ReadUntil(stream, "hello");
  const int idle = Connect("");
  server_->Stop();
  EXPECT_EQ(ReadUntil(stream, "never").find("never"), std::string::npos);
  close(stream);
  close(idle);
}

}  // namespace
}  // namespace millwright::http
