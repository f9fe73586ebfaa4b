#include "hub_config.h"

#include <gtest/gtest.h>

namespace millwright::hub {
namespace {

TEST(HubConfigTest, EmptyFileGivesDefaults) {
  const auto config = ParseHubConfig("", "hub.toml");
  ASSERT_TRUE(config) << config.error().what;
  EXPECT_EQ(config->http.host, "127.0.0.1");
  EXPECT_EQ(config->http.port, 8080);
  EXPECT_EQ(config->broker.client_id, "millwright-hub");
  EXPECT_FALSE(config->broker.clean_session);
  EXPECT_FALSE(config->delivery.enabled());
}

TEST(HubConfigTest, ReadsEveryKey) {
  const auto config = ParseHubConfig(
      "[broker]\nhost = \"b\"\nport = 1893\nqos = 2\nclient_id = \"h\"\n[http]\nlisten = "
      "\"0.0.0.0:80\"\nworkers = 3\n"
      "connections_max = 10\nstreams_max = 5\nhosts = [\"hub.example\"]\n[store]\npath = "
      "\"x.db\"\nreaders = 2\n"
      "[freshness]\ntelemetry_period_s = 5\n[retention]\ntelemetry_days = 1\nhealth_days = "
      "2\nminutes_days = 3\n"
      "database_mib_max = 100\n[delivery]\nrepository = \"repo\"\nprefix = \"mw/things\"\n"
      "[identity]\nfolder = \"id\"\nhosts = [\"hub.example\"]\ncertificate_days = 30\n"
      "broker_pid_file = \"m.pid\"\n[access]\nrequired = true\nfirst_token_file = \"t\"\n",
      "hub.toml");
  ASSERT_TRUE(config) << config.error().what;
  EXPECT_EQ(config->broker.port, 1893);
  EXPECT_EQ(config->ingest.qos, 2);
  EXPECT_EQ(config->http.host, "0.0.0.0");
  EXPECT_EQ(config->http.port, 80);
  EXPECT_EQ(config->freshness.machine_max(), 15 * kSecond);
  EXPECT_EQ(config->retention.database_bytes_max, int64_t{100} << 20);
  EXPECT_TRUE(config->delivery.enabled());
  EXPECT_EQ(config->delivery.prefix, "mw/things");
  EXPECT_TRUE(config->identity.enabled());
  EXPECT_EQ(config->identity.life, 30 * 86'400 * kSecond);
  EXPECT_TRUE(config->access.required);
  EXPECT_EQ(config->access.first_token_file, "t");
}

struct BadConfig {
  const char* name;
  const char* text;
  std::vector<const char*> want;  // in the message
};

TEST(HubConfigTest, FaultsNameFileLineKeyAndTheNearestKey) {
  const BadConfig cases[] = {
      {"unknown_key", "[broker]\nhots = \"x\"\n", {"hub.toml:2", "broker.hots", "host"}},
      {"unknown_table", "[brocker]\nport = 1\n", {"hub.toml:1", "brocker", "broker"}},
      {"range", "[broker]\nport = 70000\n", {"hub.toml:2", "broker.port", "65535"}},
      {"type", "[store]\npath = 3\n", {"hub.toml:2", "store.path"}},
      {"endpoint", "[http]\nlisten = \"somewhere\"\n", {"hub.toml:2", "http.listen", "HOST:PORT"}},
      {"half_identity", "[broker]\ncert_file = \"a\"\n", {"cert_file and key_file go together"}},
      {"prefix", "[delivery]\nprefix = \"a/#\"\n", {"hub.toml:2", "delivery.prefix"}},
      {"keys_only", "[delivery]\nonline_keys = \"k\"\n", {"hub.toml:2", "delivery.online_keys"}},
      {"open_to_all", "[http]\nlisten = \"0.0.0.0:80\"\n", {"hub.toml:2", "access.required"}},
      {"half_https", "[http]\nkey_file = \"k\"\n", {"cert_file and key_file go together"}},
      {"no_toml", "[broker\n", {"hub.toml:1"}},
  };
  for (const BadConfig& one : cases) {
    const auto config = ParseHubConfig(one.text, "hub.toml");
    ASSERT_FALSE(config) << one.name;
    for (const char* want : one.want)
      EXPECT_NE(config.error().what.find(want), std::string::npos)
          << one.name << ": " << config.error().what;
  }
}

TEST(HubConfigTest, EndpointsTakeIpv6AndPlainPorts) {
  std::string host;
  int port = 0;
  ASSERT_TRUE(ParseEndpoint("[::1]:80", host, port));
  EXPECT_EQ(host, "::1");
  ASSERT_TRUE(ParseEndpoint(":81", host, port));
  EXPECT_EQ(host, "127.0.0.1");
  EXPECT_EQ(port, 81);
  for (const char* bad : {"", "x", "x:", "x:99999", "x:-1", "x:8o"})
    EXPECT_FALSE(ParseEndpoint(bad, host, port)) << bad;
}

}  // namespace
}  // namespace millwright::hub
