#include "hub/notify/message.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hub/notify/mail.h"
#include "hub/notify/options.h"
#include "hub/notify/quiet.h"
#include "hub/notify/signature.h"
#include "zone/test_zones.h"

namespace millwright::hub::notify {
namespace {

News Alarm() {
  return {.kind = Kind::kRaised,
          .level = Level::kAct,
          .subject = "gw-1~a",
          .sites = {"alder"},
          .device = "gw-1",
          .alarm_key = "a",
          .asset = "P-1",
          .name = "Pump <1>",
          .fault = "outer_race",
          .action = "grease & wait",
          .score = 0.5,
          .at = *ParseUtc("2026-07-01T10:00:00Z")};
}

Delivery With(std::vector<News> items, int64_t count) {
  return {.id = "0123",
          .route = "crew",
          .kind = "alarm_raised",
          .level = Level::kAct,
          .items = std::move(items),
          .count = count};
}

TEST(MessageTest, SaysWhatHappenedWhenOnThePlantsClockAndWhere) {
  Options options;
  options.console = "https://hub.example";
  const Message message =
      Compose(With({Alarm()}, 1), options, TestZone(kBerlinRule), "Europe/Berlin");
  EXPECT_EQ(message.subject, "Act now: Pump <1> (alder/P-1): outer race");
  for (const char* part : {"2026-07-01 12:00:00 Europe/Berlin", "grease & wait",
                           "https://hub.example/#/alarms/gw-1~a", "message 0123"})
    EXPECT_NE(message.text.find(part), std::string::npos) << part;
  EXPECT_NE(message.html.find("Pump &lt;1&gt;"), std::string::npos);
  EXPECT_EQ(message.html.find("<1>"), std::string::npos);
}

TEST(MessageTest, CountsWhatItDoesNotName) {
  const Message message =
      Compose(With(std::vector<News>(50, Alarm()), 87), {}, TimeZone::Utc(), "UTC");
  EXPECT_NE(message.text.find("\nand 37 more\n"), std::string::npos);
  EXPECT_NE(message.subject.find("and 86 more"), std::string::npos);
}

TEST(MailTest, HeadersAreStableFoldedAndCarryNothingOfTheirOwn) {
  Message message{"Pumpe \xc3\xbc\r\nBcc: x@y.example " + std::string(60, 'a'), "text\n", "<p>\n"};
  const Envelope envelope{"0123", "hub@plant.example", "ana@plant.example",
                          *ParseUtc("2026-11-23T23:20:25Z")};
  const std::string mime = MimeOf(envelope, message);
  EXPECT_EQ(mime, MimeOf(envelope, message));
  EXPECT_NE(mime.find("Date: Mon, 23 Nov 2026 23:20:25 +0000\r\n"), std::string::npos);
  EXPECT_NE(mime.find("Message-ID: <0123@plant.example>\r\n"), std::string::npos);
  EXPECT_NE(mime.find("Subject: =?utf-8?Q?Pumpe_=C3=BC"), std::string::npos);
  EXPECT_EQ(mime.find("\nBcc:"), std::string::npos);
  for (size_t at = 0; at < mime.size();) {
    const size_t end = mime.find("\r\n", at);
    ASSERT_NE(end, std::string::npos);
    EXPECT_LE(end - at, 78u) << mime.substr(at, end - at);
    EXPECT_EQ(mime.substr(at, end - at).find('\n'), std::string::npos);
    at = end + 2;
  }
}

TEST(MailTest, QuotedPrintableIsThatOfRfc2045) {
  EXPECT_EQ(QuotedPrintable("a=b \n\xc3\xbc"), "a=3Db=20\r\n=C3=BC\r\n");
  const std::string wrapped = QuotedPrintable(std::string(100, 'x'));
  EXPECT_EQ(wrapped, std::string(75, 'x') + "=\r\n" + std::string(25, 'x') + "\r\n");
  EXPECT_EQ(HeaderValue("plain words"), "plain words");
  EXPECT_EQ(HeaderValue("=?x"), "=?utf-8?Q?=3D=3Fx?=");
}

// Computed by `printf '1795000000.{}' | openssl dgst -sha256 -hmac secret`.
TEST(SignatureTest, CoversTimeAndBody) {
  EXPECT_EQ(SignatureOf("secret", 1'795'000'000 * kSecond + 5, "{}"),
            "t=1795000000,v1=6b4c7e66d3b69c810f27c4aa67ee370757d4dfdabf1fbb338ea7cf6aba9e0494");
  EXPECT_NE(SignatureOf("secret", 1'795'000'001 * kSecond, "{}"),
            SignatureOf("secret", 1'795'000'000 * kSecond, "{}"));
}

TEST(QuietTest, FollowsTheClockOnTheWallThroughTheChangesOfTheYear) {
  const auto zone = std::make_shared<const TimeZone>(TestZone(kBerlinRule));
  const Quiet night({"Europe/Berlin", 22 * 60, 6 * 60}, zone);
  EXPECT_FALSE(night.At(*ParseUtc("2026-07-01T19:59:59Z")));
  EXPECT_TRUE(night.At(*ParseUtc("2026-07-01T20:00:00Z")));
  EXPECT_EQ(night.EndsAfter(*ParseUtc("2026-07-01T20:00:00Z")), *ParseUtc("2026-07-02T04:00:00Z"));
  EXPECT_EQ(night.EndsAfter(*ParseUtc("2026-10-24T21:00:00Z")), *ParseUtc("2026-10-25T05:00:00Z"));
  const Quiet early({"Europe/Berlin", 60, 2 * 60 + 30}, zone);
  EXPECT_EQ(early.EndsAfter(*ParseUtc("2027-03-28T00:30:00Z")), *ParseUtc("2027-03-28T01:00:00Z"))
      << "02:30 is skipped that day";
  const Quiet never({"Europe/Berlin", 60, 60}, zone);
  EXPECT_EQ(never.EndsAfter(7), 7);
}

TEST(NotifyOptionsTest, AddressesAndUrlsThatCouldSayMoreAreRefused) {
  for (const char* good : {"ana@plant.example", "a.b+c@x-y.example"}) EXPECT_TRUE(IsAddress(good));
  for (const char* bad : {"", "ana", "@x", "a@", "a b@x", "a@x\r\nBcc: b@y", "A <a@x>", "a@x,b@y",
                          "a@.x", "a@-x", "<a@x>", "a@b@c"})
    EXPECT_FALSE(IsAddress(bad)) << bad;
  for (const char* good :
       {"https://x.example/a?b=c", "http://127.0.0.1:8/x", "http://[::1]:8/", "http://localhost"})
    EXPECT_TRUE(IsWebhookUrl(good)) << good;
  for (const char* bad :
       {"", "http://x.example/", "http://127.0.0.1@x.example/", "http://127.0.0.1.x.example/",
        "https://", "https://u:p@x.example/", "ftp://x.example", "https://x.example/ y",
        "http://localhost.x.example", "https://x.example\\@127.0.0.1/"})
    EXPECT_FALSE(IsWebhookUrl(bad)) << bad;
}

TEST(NotifyOptionsTest, EscalationsThatLeadBackAreFaults) {
  Options options;
  options.smtp.host = "localhost";
  for (const char* name : {"a", "b", "c"})
    options.routes.push_back({.name = name, .emails = {"x@y.example"}});
  options.routes[0].escalate_to = "b";
  options.routes[1].escalate_to = "c";
  EXPECT_TRUE(FaultsOf(options).empty());
  options.routes[2].escalate_to = "a";
  EXPECT_EQ(FaultsOf(options).size(), 3u);
  options.routes[2].escalate_to = "none";
  ASSERT_EQ(FaultsOf(options).size(), 1u);
  EXPECT_EQ(FaultsOf(options)[0].key, "escalate_to");
}

}  // namespace
}  // namespace millwright::hub::notify
