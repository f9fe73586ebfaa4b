// TLS against a real Mosquitto that asks for a client's certificate too; certificates are made on
// the spot. Skipped where mosquitto or openssl is not installed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <optional>

#include "mqtt/testing/broker.h"

namespace millwright::mqtt {
namespace {

using testing::PollUntil;
using testing::Recorder;

class TlsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (testing::FindBroker().empty()) GTEST_SKIP() << "mosquitto is not installed";
    if (std::system("openssl version >/dev/null 2>&1") != 0) GTEST_SKIP() << "openssl is missing";
    std::string pattern = (std::filesystem::temp_directory_path() / "mw_tls_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    std::ofstream(folder_ / "server.ext") << "subjectAltName=IP:127.0.0.1\n";
    std::ofstream(folder_ / "client.ext") << "extendedKeyUsage=clientAuth\n";
    ASSERT_TRUE(MakeAuthority("ca") && MakeAuthority("other"));
    ASSERT_TRUE(MakeCertificate("server") && MakeCertificate("client"));
    port_ = testing::FreePort();
    broker_.emplace(port_, "cafile " + File("ca.pem") + "\ncertfile " + File("server.pem") +
                               "\nkeyfile " + File("server.key") + "\nrequire_certificate true\n");
    broker_->Start();
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  [[nodiscard]] std::string File(const std::string& name) const { return folder_ / name; }
  [[nodiscard]] bool OpenSsl(const std::string& arguments) const {
    return std::system(
               ("cd " + folder_.string() + " && openssl " + arguments + " 2>/dev/null").c_str()) ==
           0;
  }
  [[nodiscard]] bool MakeAuthority(const std::string& name) const {
    return OpenSsl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "
        "/CN=" +
        name + " -keyout " + name + ".key -out " + name + ".pem");
  }
  // Signed by the broker's authority.
  [[nodiscard]] bool MakeCertificate(const std::string& name) const {
    return OpenSsl("req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=" + name +
                   " -keyout " + name + ".key -out " + name + ".csr") &&
           OpenSsl("x509 -req -days 2 -CA ca.pem -CAkey ca.key -CAcreateserial -extfile " + name +
                   ".ext -in " + name + ".csr -out " + name + ".pem");
  }
  [[nodiscard]] Options Good(const std::string& id) const {
    Options options;
    options.port = port_;
    options.client_id = id;
    options.reconnect_min = 10 * kMillisecond;
    options.reconnect_max = 100 * kMillisecond;
    options.ca_file = File("ca.pem");
    options.cert_file = File("client.pem");
    options.key_file = File("client.key");
    return options;
  }
  // Stays outside until something else came in: the broker is up and turns this one away.
  void ExpectRefused(Options options) {
    Recorder heard, good_heard;
    const auto refused = MakeClient(std::move(options));
    const auto good = MakeClient(Good("good"));
    ASSERT_TRUE(refused->Start(heard));
    ASSERT_TRUE(good->Start(good_heard));
    EXPECT_TRUE(PollUntil({refused.get(), good.get()},
                          [&] { return good_heard.connects > 0 && heard.disconnects > 0; }));
    for (int i = 0; i < 20; ++i) refused->Poll(5 * kMillisecond);
    EXPECT_FALSE(refused->connected());
    EXPECT_EQ(heard.connects, 0);
    EXPECT_FALSE(heard.reason.empty());
  }

  int port_ = 0;
  std::filesystem::path folder_;
  std::optional<testing::Broker> broker_;
};

// Larger than a TLS record, so that what OpenSSL has decrypted already must be asked for too.
TEST_F(TlsTest, CarriesLargeMessagesBothWays) {
  Recorder heard;
  const auto client = MakeClient(Good("both"));
  ASSERT_TRUE(client->Start(heard));
  ASSERT_TRUE(client->Subscribe("t", 2));
  ASSERT_TRUE(PollUntil({client.get()}, [&] { return client->connected(); }));
  const std::string large(300'000, 'x');
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(client->Publish("t", os::AsBytes(large), 2, false));
  EXPECT_TRUE(PollUntil({client.get()}, [&] { return heard.payloads.size() == 5; }));
  for (const std::string& payload : heard.payloads) EXPECT_EQ(payload, large);
  EXPECT_TRUE(PollUntil({client.get()}, [&] { return client->unacked() == 0; }));
}

TEST_F(TlsTest, DoesNotTrustABrokerOfAnotherAuthority) {
  Options options = Good("distrusts");
  options.ca_file = File("other.pem");
  ExpectRefused(std::move(options));
}

TEST_F(TlsTest, IsTurnedAwayWithoutACertificate) {
  Options options = Good("nobody");
  options.cert_file = options.key_file = "";
  ExpectRefused(std::move(options));
}

TEST_F(TlsTest, IsTurnedAwayWithoutTls) {
  Options options = Good("plain");
  options.ca_file = options.cert_file = options.key_file = "";
  ExpectRefused(std::move(options));
}

TEST_F(TlsTest, DoesNotSpeakOlderTls) {
  broker_->Kill();
  broker_.reset();
  port_ = testing::FreePort();
  const std::string old_only = "cafile " + File("ca.pem") + "\ncertfile " + File("server.pem") +
                               "\nkeyfile " + File("server.key") + "\n";
  std::ofstream(folder_ / "openssl.cnf")
      << "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = old\n"
         "[old]\nMaxProtocol = TLSv1.2\n";
  ::setenv("OPENSSL_CONF", File("openssl.cnf").c_str(), 1);
  broker_.emplace(port_, old_only);
  broker_->Start();
  ::unsetenv("OPENSSL_CONF");
  Recorder heard;
  const auto client = MakeClient(Good("modern"));
  ASSERT_TRUE(client->Start(heard));
  ASSERT_TRUE(PollUntil({client.get()}, [&] { return heard.disconnects > 0; }));
  for (int i = 0; i < 60; ++i) client->Poll(5 * kMillisecond);  // past the broker's start
  EXPECT_EQ(heard.connects, 0);
}

TEST_F(TlsTest, TheBrokersCertificateMustNameItsAddress) {
  Options options = Good("elsewhere");
  options.host = "localhost";  // the certificate says 127.0.0.1
  ExpectRefused(std::move(options));
}

// Files are read at each connection: what was renewed is used from the next one on.
TEST_F(TlsTest, TakesARenewedCertificateWithoutARestart) {
  Recorder heard;
  const auto client = MakeClient(Good("renewed"));
  ASSERT_TRUE(client->Start(heard));
  ASSERT_TRUE(PollUntil({client.get()}, [&] { return client->connected(); }));
  std::ofstream(folder_ / "client.pem") << "none";
  broker_->Kill();
  broker_->Start();
  ASSERT_TRUE(PollUntil({client.get()}, [&] { return heard.disconnects > 0; }));
  for (int i = 0; i < 40; ++i) client->Poll(5 * kMillisecond);
  EXPECT_EQ(heard.connects, 1);
  ASSERT_TRUE(MakeCertificate("client"));
  EXPECT_TRUE(PollUntil({client.get()}, [&] { return client->connected(); }));
}

// A refused connection hangs up in the middle of the handshake that never began.
TEST_F(TlsTest, WaitsForABrokerThatIsDownWithoutSpinning) {
  broker_->Kill();
  Recorder heard;
  const auto client = MakeClient(Good("patient"));
  ASSERT_TRUE(client->Start(heard));
  int polls = 0;
  ASSERT_TRUE(PollUntil({client.get()}, [&] { return ++polls > 1000 || heard.disconnects > 0; }));
  EXPECT_EQ(heard.disconnects, 1) << polls;
  broker_->Start();
  EXPECT_TRUE(PollUntil({client.get()}, [&] { return client->connected(); }));
}

TEST_F(TlsTest, SaysWhichFileIsMissing) {
  Options options = Good("lost");
  options.ca_file = File("none.pem");
  Recorder heard;
  const auto client = MakeClient(std::move(options));
  const auto started = client->Start(heard);
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().what.find("none.pem"), std::string::npos) << started.error().what;
}

}  // namespace
}  // namespace millwright::mqtt
