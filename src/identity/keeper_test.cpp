#include "identity/keeper.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "crypto/hex.h"

namespace millwright::identity {
namespace {

constexpr Nanos kHour = 3600 * kSecond;
constexpr Nanos kDay = 24 * kHour;
constexpr Nanos kLife = 90 * kDay;

// A hub of a few lines: gives a certificate for a request that proves the old key, once for each
// certificate, and says when it is not yet time by a clock of its own.
class TestHub {
 public:
  explicit TestHub(const os::Clock& clock)
      : clock_(clock),
        authority_(*crypto::Authority::Make({.name = "fleet",
                                             .purpose = crypto::Purpose::kAuthority,
                                             .until = clock.Utc() + 7000 * kDay})) {}

  [[nodiscard]] crypto::Certificate Issue(const crypto::PublicKey& key) const {
    const Nanos now = clock_.Utc() + ahead;
    return *authority_.Issue(key, {.name = "gw-1", .from = now, .until = now + kLife});
  }

  [[nodiscard]] Result<std::string> Answer(const std::string& path, const std::string& body) {
    EXPECT_EQ(path, "/api/v1/renew");
    ++asked;
    if (failure) return tl::unexpected(*failure);
    const auto json = nlohmann::json::parse(body);
    const auto old = *crypto::Certificate::FromPem(json["certificate"].get<std::string>());
    const auto request = *crypto::CertificateRequest::FromPem(json["request"].get<std::string>());
    const auto proof = *crypto::FromHex(json["proof"].get<std::string>());
    EXPECT_TRUE(old.Key()->Verify(os::AsBytes(RenewalText(old, request.Pem())), proof));
    const Nanos due = RenewFrom(old.From(), old.Until());
    if (clock_.Utc() + ahead < due) return Text(false, "", due);
    if (!given || given->first != old.Serial()) given = {old.Serial(), Issue(request.Key())};
    EXPECT_TRUE(given->second.Key()->SameKey(request.Key())) << "another key for one renewal";
    if (lose_answers-- > 0) return Fail(Errc::kUnavailable, "hub: no answer");
    return Text(true, given->second.Pem(), due + kLife);
  }

  Nanos ahead = 0;  // of the gateway's clock
  int asked = 0;
  int lose_answers = 0;
  std::optional<Error> failure;
  std::optional<std::pair<std::string, crypto::Certificate>> given;

 private:
  static std::string Text(bool due, const std::string& certificate, Nanos renew_from) {
    return nlohmann::json{
        {"due", due}, {"certificate", certificate}, {"renew_from_ms", renew_from / kMillisecond}}
        .dump();
  }
  const os::Clock& clock_;
  crypto::Authority authority_;
};

class KeeperTest : public ::testing::Test {
 protected:
  KeeperTest() {
    const auto key = gateway_.NextKey();
    EXPECT_TRUE(gateway_.Adopt(*key, hub_.Issue(key->Public())));
    MakeKeeper();
  }
  void MakeKeeper() {
    keeper_.emplace(
        files_, clock_, "identity",
        [this](const std::string& path, const std::string& body) {
          return hub_.Answer(path, body);
        },
        7);
  }
  // Turns once in `step` for `length`; how often connections are to be made anew.
  int Pass(Nanos length, Nanos step = kHour) {
    int changes = 0;
    for (Nanos at = 0; at < length; at += step) {
      clock_.Advance(step);
      changes += keeper_->Work() ? 1 : 0;
    }
    return changes;
  }
  [[nodiscard]] std::string Serial() { return gateway_.Read()->certificate.Serial(); }

  os::FakeClock clock_;
  os::FakeFiles files_;
  TestHub hub_{clock_};
  GatewayIdentity gateway_{files_, "identity"};
  std::optional<Keeper> keeper_;
};

TEST_F(KeeperTest, RenewsAfterTwoThirdsAndAgainForYears) {
  const std::string first = Serial();
  EXPECT_EQ(Pass(59 * kDay), 0);
  EXPECT_EQ(hub_.asked, 0) << "before its time nobody is asked";
  EXPECT_EQ(Pass(5 * kDay), 1);
  EXPECT_NE(Serial(), first);
  EXPECT_EQ(keeper_->until(), gateway_.Read()->certificate.Until());
  EXPECT_EQ(keeper_->standing(), Standing::kGood);
  EXPECT_EQ(Pass(10 * 365 * kDay, 6 * kHour), 59);
  EXPECT_EQ(hub_.asked, 60);
  EXPECT_GT(keeper_->until(), clock_.Utc());
}

TEST_F(KeeperTest, AFleetDoesNotRenewInOneInstant) {
  std::set<Nanos> days;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    os::FakeClock clock;
    Keeper keeper(
        files_, clock, "identity",
        [&](const std::string&, const std::string&) -> Result<std::string> {
          days.insert((clock.Utc() - clock_.Utc()) / (6 * kHour));
          return Fail(Errc::kUnavailable, "enough");
        },
        seed);
    const size_t before = days.size();
    for (int i = 0; i < 24 * 64 && days.size() == before; ++i) {
      clock.Advance(kHour);
      (void)keeper.Work();
    }
  }
  EXPECT_GT(days.size(), 5U);
}

TEST_F(KeeperTest, AHubThatIsAwayIsAskedLessAndLessOftenAndForEver) {
  hub_.failure = Error{Errc::kUnavailable, "hub: no answer"};
  EXPECT_EQ(Pass(65 * kDay), 0);
  EXPECT_EQ(keeper_->standing(), Standing::kDue);
  const int before = hub_.asked;
  EXPECT_EQ(Pass(40 * kDay), 0);
  EXPECT_EQ(keeper_->standing(), Standing::kEnded);
  EXPECT_GE(hub_.asked - before, 40 * 4);  // six hours apart at most
  EXPECT_LE(hub_.asked - before, 40 * 9);
  hub_.failure.reset();
  EXPECT_EQ(Pass(kDay), 1);
  EXPECT_EQ(keeper_->standing(), Standing::kGood);
}

TEST_F(KeeperTest, ALostAnswerCostsNothing) {
  hub_.lose_answers = 3;
  EXPECT_EQ(Pass(66 * kDay, kHour), 1);
  EXPECT_EQ(Serial(), hub_.given->second.Serial());
}

TEST_F(KeeperTest, APowerCutBetweenAnswerAndFileChangesNothingForTheHub) {
  const auto old = gateway_.Read()->certificate.Serial();
  hub_.lose_answers = 1;
  Pass(59 * kDay);
  while (hub_.asked == 0) Pass(kHour);
  files_.PowerCut();
  MakeKeeper();
  EXPECT_EQ(gateway_.Read()->certificate.Serial(), old);
  EXPECT_EQ(Pass(4 * kDay), 1);
  EXPECT_EQ(Serial(), hub_.given->second.Serial());
}

TEST_F(KeeperTest, ADiskThatFailsLeavesTheOldPairAndIsTriedAgain) {
  const std::string old = Serial();
  Pass(59 * kDay);
  while (hub_.asked == 0) {
    files_.FailNext(1, Errc::kExhausted);
    Pass(kHour);
    if (keeper_->standing() != Standing::kGood) break;
  }
  EXPECT_EQ(Serial(), old);
  const auto pair = gateway_.Read();
  EXPECT_TRUE(pair->certificate.Key()->SameKey(pair->key.Public()));
  files_.FailNext(0, Errc::kExhausted);
  EXPECT_EQ(Pass(kDay), 1);
}

TEST_F(KeeperTest, ARefusalIsToldAndNotTakenForAnOutage) {
  hub_.failure = Error{Errc::kConflict, "enrolment: this certificate was revoked; enrol anew"};
  Pass(65 * kDay);
  EXPECT_EQ(keeper_->standing(), Standing::kRefused);
}

TEST_F(KeeperTest, AClockIn1970AsksTheHubNowAndThen) {
  clock_.StepUtc(-clock_.Utc());
  hub_.ahead = 1'800'000'000 * kSecond;
  MakeKeeper();
  EXPECT_EQ(Pass(30 * kDay), 0);
  EXPECT_GE(hub_.asked, 5);
  EXPECT_LE(hub_.asked, 30);
  EXPECT_EQ(Pass(34 * kDay), 1) << "the hub's clock says that it is time";
}

TEST_F(KeeperTest, WhatAPersonRenewedIsTakenOver) {
  Pass(59 * kDay);
  const auto key = gateway_.NextKey();
  ASSERT_TRUE(gateway_.Adopt(*key, hub_.Issue(key->Public())));
  EXPECT_EQ(Pass(5 * kDay), 1);
  EXPECT_EQ(keeper_->until(), gateway_.Read()->certificate.Until());
}

TEST_F(KeeperTest, AGatewayThatIsEnrolledLaterIsKeptFromThenOn) {
  ASSERT_TRUE(files_.Remove(gateway_.IdentityFile()));
  MakeKeeper();
  EXPECT_EQ(Pass(kHour, kSecond), 0);
  EXPECT_EQ(keeper_->standing(), Standing::kEnded);
  const auto key = gateway_.NextKey();
  ASSERT_TRUE(gateway_.Adopt(*key, hub_.Issue(key->Public())));
  EXPECT_EQ(Pass(kDay), 1);
  EXPECT_EQ(keeper_->standing(), Standing::kGood);
}

TEST_F(KeeperTest, NonsenseFromTheHubChangesNothing) {
  const std::string old = Serial();
  for (const char* answer :
       {"", "[]", "{}", R"({"due":true})", R"({"due":"yes","certificate":"","renew_from_ms":1})",
        R"({"due":true,"certificate":"no PEM","renew_from_ms":1})",
        R"({"due":false,"certificate":"","renew_from_ms":-1})"}) {
    const auto renewal = Renew(gateway_, [&](const std::string&, const std::string&) {
      return Result<std::string>(answer);
    });
    EXPECT_FALSE(renewal) << answer;
  }
  EXPECT_EQ(Serial(), old);
}

}  // namespace
}  // namespace millwright::identity
