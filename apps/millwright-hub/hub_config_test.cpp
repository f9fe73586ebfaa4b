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

constexpr const char* kMailServer = "[notify.smtp]\nhost = \"localhost\"\nfrom = \"h@x.y\"\n";

TEST(HubConfigTest, ReadsRoutes) {
  const auto config = ParseHubConfig(
      std::string(kMailServer) +
          "tls = \"none\"\n[notify]\nconsole = \"https://h\"\ngive_up_h = 2\n"
          "[notify.assets]\n\"alder/P-1\" = \"EQ-1\"\n"
          "[[notify.route]]\nname = \"a\"\nsites = [\"alder\"]\nlevel = \"act\"\n"
          "email = [\"ana@x.y\"]\nzone = \"Europe/Berlin\"\nquiet_from = \"22:00\"\n"
          "quiet_to = \"06:30\"\nact_breaks_quiet = false\nescalate_to = \"b\"\n"
          "escalate_min = 5\ngroup_s = 3\nstorm_max = 4\nstorm_min = 2\n"
          "[[notify.route]]\nname = \"b\"\nwebhook = \"https://x.y/z\"\nsecret_file = \"s\"\n"
          "kinds = [\"work_order\"]\nonly_escalations = true\n",
      "hub.toml");
  ASSERT_TRUE(config) << config.error().what;
  ASSERT_EQ(config->notify.routes.size(), 2u);
  const notify::Route& a = config->notify.routes[0];
  EXPECT_EQ(a.level_min, notify::Level::kAct);
  EXPECT_EQ(a.kinds.size(), 4u);
  EXPECT_EQ(a.quiet.from_min, 22 * 60);
  EXPECT_EQ(a.quiet.to_min, 6 * 60 + 30);
  EXPECT_FALSE(a.act_breaks_quiet);
  EXPECT_EQ(a.escalate_after, 300 * kSecond);
  EXPECT_EQ(a.storm, 120 * kSecond);
  EXPECT_TRUE(config->notify.routes[1].Wants(notify::Kind::kWorkOrder));
  EXPECT_EQ(config->notify.assets.at("alder/P-1"), "EQ-1");
  EXPECT_EQ(config->notify.give_up, 7200 * kSecond);
}

TEST(HubConfigTest, FaultsOfRoutesNameFileLineAndKey) {
  const std::string route = "[[notify.route]]\nname = \"a\"\n";
  const std::pair<std::string, std::vector<const char*>> cases[] = {
      {route, {"hub.toml:1", "either email or webhook"}},
      {route + "email = [\"ana@x.y\"]\n", {"hub.toml:3", "email", "notify.smtp.host"}},
      {kMailServer + route + "email = [\"ana\"]\n", {"hub.toml:6", "\"ana\" is no address"}},
      {route + "webhook = \"http://x.y/\"\nsecret_file = \"s\"\n", {"hub.toml:3", "https://"}},
      {route + "webhook = \"https://x.y/\"\n", {"secret"}},
      {kMailServer + route + "email = [\"a@x.y\"]\nescalate_to = \"b\"\n",
       {"hub.toml:7", "no route \"b\""}},
      {kMailServer + route + "email = [\"a@x.y\"]\nquiet_from = \"24:00\"\nquiet_to = \"6\"\n",
       {"hub.toml:7", "hub.toml:8", "HH:MM"}},
      {kMailServer + route + "email = [\"a@x.y\"]\nkinds = [\"alarm\"]\n",
       {"hub.toml:7", "\"alarm\" is none of"}},
      {"[notify.smtp]\nhost = \"mail\"\nfrom = \"h@x.y\"\ntls = \"none\"\n",
       {"hub.toml:4", "loopback"}},
      {"[notify.smtp]\nhost = \"mail\"\nfrom = \"h@x.y\"\nusername = \"u\"\n",
       {"username and password_file"}},
      {route + "emial = []\n", {"hub.toml:3", "did you mean \"email\""}},
  };
  for (const auto& [text, words] : cases) {
    const auto config = ParseHubConfig(text, "hub.toml");
    ASSERT_FALSE(config) << text;
    for (const char* word : words)
      EXPECT_NE(config.error().what.find(word), std::string::npos) << config.error().what;
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

TEST(HubConfigTest, RetrainingNeedsItsCommandsAndARepository) {
  const std::string good =
      "[delivery]\nrepository = \"repository\"\n[retrain]\nfolder = \"jobs\"\nlive = "
      "\"bundle\"\nfreeze = [\"f\"]\ntrain = [\"t\"]\ncompare = [\"c\"]\nrelease = [\"r\"]\n";
  const auto config = ParseHubConfig(good + "every_days = 30\n", "hub.toml");
  ASSERT_TRUE(config) << config.error().what;
  EXPECT_TRUE(config->retrain.enabled());
  EXPECT_TRUE(config->retrain.approval);
  EXPECT_EQ(config->retrain.every, 30 * 86'400 * kSecond);
  EXPECT_EQ(config->retrain.train, retrain::Template{"t"});
  const auto alone = ParseHubConfig(good.substr(good.find("[retrain]")), "hub.toml");
  ASSERT_FALSE(alone);
  EXPECT_NE(alone.error().what.find("delivery.repository"), std::string::npos);
  EXPECT_FALSE(ParseHubConfig(good + "rollout = '{\"waves\": 7}'\n", "hub.toml"));
  EXPECT_FALSE(ParseHubConfig("[retrain]\nfolder = \"jobs\"\n", "hub.toml"));
}

}  // namespace
}  // namespace millwright::hub
