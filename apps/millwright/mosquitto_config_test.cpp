#include "mosquitto_config.h"

#include <gtest/gtest.h>

namespace millwright::cli {
namespace {

TEST(MosquittoConfigTest, NamesAreCheckedBeforeTheyBecomeRules) {
  GatewayBroker broker{.site = "alder", .sensors = {"s"}, .readers = {"r"}};
  EXPECT_TRUE(CheckGatewayBroker(broker));
  for (const char* bad : {"", "+", "a b", "x\nuser agent", "agent", "r"}) {
    broker.sensors = {bad};
    EXPECT_FALSE(CheckGatewayBroker(broker)) << bad;
  }
  broker.sensors = {};
  broker.lan_host = "192.168.1.2";
  EXPECT_NE(CheckGatewayBroker(broker).error().what.find("--identity"), std::string::npos);
  broker.files.identity = "authority";
  EXPECT_TRUE(CheckGatewayBroker(broker));
  broker.site = "#";
  EXPECT_FALSE(CheckGatewayBroker(broker));
}

TEST(MosquittoConfigTest, TheHubsBrokerTakesNobodyWithoutAName) {
  const std::string text = HubBrokerConfig({.files = {.folder = "/b", .identity = "/i"}});
  for (const char* line :
       {"require_certificate true\n", "use_identity_as_username true\n", "allow_anonymous false\n",
        "tls_version tlsv1.3\n", "crlfile /i/crl.pem\n", "acl_file /b/acl\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line;
}

}  // namespace
}  // namespace millwright::cli
