#include "hub/identity/enrolment.h"

#include <atomic>
#include <thread>

#include "hub/identity/authority_folder.h"
#include "hub/identity/test_identity.h"

namespace millwright::hub {
namespace {

using crypto::Certificate;

class EnrolmentTest : public IdentityTest {};

TEST_F(EnrolmentTest, ATokenGivesACertificateForItsDevice) {
  const TestKey key;
  const auto certificate = Certificate::FromPem(EnrolOk("gw-1", key));
  ASSERT_TRUE(certificate);
  EXPECT_EQ(certificate->Name(), "gw-1");
  EXPECT_TRUE(certificate->IssuedBy(enrolment_->authority()));
  EXPECT_TRUE(certificate->Key()->SameKey(key.key.Public()));
  EXPECT_EQ(certificate->Until(), clock_.Utc() + 90 * kDay);
}

TEST_F(EnrolmentTest, TellsHowManyCertificatesEndSoon) {
  EXPECT_EQ(enrolment_->Ends()->devices, 0);
  const TestKey one, two, three;
  ASSERT_FALSE(EnrolOk("gw-1", one).empty());
  clock_.Advance(80 * kDay);
  ASSERT_FALSE(EnrolOk("gw-2", two).empty());
  ASSERT_FALSE(EnrolOk("gw-3", three).empty());
  ASSERT_TRUE(enrolment_->Revoke("gw-3", "a person", "sold"));
  auto ends = enrolment_->Ends();
  ASSERT_TRUE(ends);
  EXPECT_EQ(ends->devices, 2) << "a revoked one does not count";
  EXPECT_EQ(ends->within_7d, 0);
  EXPECT_EQ(ends->within_30d, 1);
  EXPECT_EQ(ends->soonest, clock_.Utc() + 10 * kDay);
  clock_.Advance(10 * kDay);
  ends = enrolment_->Ends();
  EXPECT_EQ(ends->ended, 1);
  EXPECT_EQ(ends->within_30d, 0);
}

TEST_F(EnrolmentTest, TheTextOfATokenGoesBothWays) {
  const auto token = enrolment_->MakeToken({.device = "gw-1"});
  ASSERT_TRUE(token);
  const auto parsed = TokenText::Parse(token->Text());
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->secret, token->secret);
  EXPECT_EQ(parsed->authority, enrolment_->authority().Fingerprint());
  for (const char* bad : {"", "mwe1", "mwe1..", "mwe2.a.b", "mwe1.00.11", "a.b.c"})
    EXPECT_FALSE(TokenText::Parse(bad)) << bad;
  EXPECT_FALSE(TokenText::Parse(token->Text().substr(0, 90)));
}

TEST_F(EnrolmentTest, AStolenTokenIsWorthNothingOnceItWasUsed) {
  const std::string token = Token("gw-1");
  const TestKey ours, theirs;
  ASSERT_TRUE(enrolment_->Enrol(token, ours.request));
  EXPECT_FALSE(enrolment_->Enrol(token, theirs.request));
  EXPECT_EQ(Count("SELECT COUNT(*) FROM certificates"), 1);
}

TEST_F(EnrolmentTest, OfManyWhoUseATokenAtOnceOneGetsACertificate) {
  constexpr int kThieves = 20;
  const std::string token = Token("gw-1");
  std::vector<TestKey> each;
  for (int i = 0; i < kThieves; ++i) each.emplace_back();
  std::atomic<int> given = 0;
  std::vector<std::jthread> threads;
  for (const TestKey& key : each)
    threads.emplace_back([&, &request = key.request] {
      given += enrolment_->Enrol(token, request).has_value() ? 1 : 0;
    });
  threads.clear();
  EXPECT_EQ(given, 1);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM certificates"), 1);
}

TEST_F(EnrolmentTest, WhoLostTheAnswerGetsTheSameAgain) {
  const std::string token = Token("gw-1");
  const TestKey key;
  const auto first = enrolment_->Enrol(token, key.request);
  const auto second = enrolment_->Enrol(token, key.request);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->certificate, second->certificate);
}

TEST_F(EnrolmentTest, TokensExpire) {
  const std::string token = Token("gw-1");
  clock_.Advance(3600 * kSecond);
  EXPECT_FALSE(enrolment_->Enrol(token, TestKey().request));
  EXPECT_FALSE(enrolment_->MakeToken({.device = "gw-1", .life = 31 * kDay}));
}

TEST_F(EnrolmentTest, NoDeviceTakesTheHubsName) {
  EXPECT_FALSE(enrolment_->MakeToken({.device = std::string(kHubName)}));
  EXPECT_FALSE(enrolment_->MakeToken({.device = "+"}));
  EXPECT_FALSE(enrolment_->MakeToken({.device = "a/b"}));
}

TEST_F(EnrolmentTest, ReplacingTakesTheOldOneBack) {
  const TestKey old, fresh;
  const auto before = Certificate::FromPem(EnrolOk("gw-1", old));
  EXPECT_EQ(enrolment_->MakeToken({.device = "gw-1"}).error().code, Errc::kConflict);
  EXPECT_EQ(enrolment_->MakeToken({.device = "gw-2", .replace = true}).error().code,
            Errc::kConflict);
  const auto issued = enrolment_->Enrol(Token("gw-1", true), fresh.request);
  ASSERT_TRUE(issued);
  EXPECT_EQ(issued->revoked, std::vector{before->Serial()});
  EXPECT_EQ(Certificate::FromPem(issued->certificate)->Name(), "gw-1");
}

TEST_F(EnrolmentTest, WhoTakesAnothersPlaceGetsWhatThatOneHadLearnedAndNobodyElseDoes) {
  const auto keep = [&](const char* device, const char* file) {
    EXPECT_TRUE(
        Open()->Run("INSERT INTO baselines (device, file, asset, learned_ns, document) "
                    "VALUES ($1, $2, 'P-1', 7, $3)",
                    {device, file, os::AsBytes("{}")}));
  };
  keep("gw-1", "P-1.a.json");
  keep("gw-2", "P-1.b.json");
  const TestKey fresh;
  const auto first = enrolment_->Enrol(Token("gw-1"), TestKey().request);
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->baselines.empty()) << "this one replaces nobody";
  const std::string token = Token("gw-1", true);
  for (int i = 0; i < 2; ++i) {  // the second time after an answer that was lost
    const auto issued = enrolment_->Enrol(token, fresh.request);
    ASSERT_TRUE(issued) << issued.error().what;
    ASSERT_EQ(issued->baselines.size(), 1U);
    EXPECT_EQ(issued->baselines[0].file, "P-1.a.json");
    EXPECT_EQ(issued->baselines[0].document, "{}");
    EXPECT_EQ(issued->baselines[0].learned, 7);
  }
}

TEST_F(EnrolmentTest, OfTwoTokensForOneDeviceTheFirstUsedCounts) {
  const std::string one = Token("gw-1"), two = Token("gw-1");
  ASSERT_TRUE(enrolment_->Enrol(one, TestKey().request));
  EXPECT_EQ(enrolment_->Enrol(two, TestKey().request).error().code, Errc::kConflict);
}

TEST_F(EnrolmentTest, RenewsAfterTwoThirdsOfTheLifeByTheHubsClock) {
  const TestKey old, fresh;
  const std::string pem = EnrolOk("gw-1", old);
  const auto early = enrolment_->Renew(RenewalOf(pem, old, fresh));
  ASSERT_TRUE(early) << early.error().what;
  EXPECT_TRUE(early->certificate.empty());
  clock_.Advance(60 * kDay);
  const auto due = enrolment_->Renew(RenewalOf(pem, old, fresh));
  ASSERT_TRUE(due) << due.error().what;
  const auto certificate = Certificate::FromPem(due->certificate);
  EXPECT_EQ(certificate->Name(), "gw-1");
  EXPECT_EQ(certificate->Until(), clock_.Utc() + 90 * kDay);
}

TEST_F(EnrolmentTest, AReplayedRenewalGivesNothingNew) {
  const TestKey old, fresh, thief;
  const std::string pem = EnrolOk("gw-1", old);
  clock_.Advance(61 * kDay);
  const RenewalRequest request = RenewalOf(pem, old, fresh);
  const auto first = enrolment_->Renew(request);
  const auto again = enrolment_->Renew(request);
  ASSERT_TRUE(first && again);
  EXPECT_EQ(first->certificate, again->certificate);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM certificates"), 2);
  // Who stole the old key comes too late, and that is in the books.
  EXPECT_EQ(enrolment_->Renew(RenewalOf(pem, old, thief)).error().code, Errc::kConflict);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM audit WHERE what = 'second renewal refused'"), 1);
}

TEST_F(EnrolmentTest, ARenewalNeedsTheProofOfThatVeryRequest) {
  const TestKey old, fresh, other;
  const std::string pem = EnrolOk("gw-1", old);
  clock_.Advance(61 * kDay);
  RenewalRequest swapped = RenewalOf(pem, old, fresh);
  swapped.request = other.request;  // a proof that was made for another request
  EXPECT_EQ(enrolment_->Renew(swapped).error().code, Errc::kInvalid);
  EXPECT_EQ(enrolment_->Renew(RenewalOf(pem, other, fresh)).error().code, Errc::kInvalid);
  EXPECT_EQ(enrolment_->Renew(RenewalOf(pem, old, old)).error().code, Errc::kInvalid);
}

TEST_F(EnrolmentTest, ACertificateOfAnotherAuthorityIsNotRenewed) {
  const TestKey old, fresh;
  const auto other = crypto::Authority::Make({.name = "fleet",
                                              .purpose = crypto::Purpose::kAuthority,
                                              .until = clock_.Utc() + 7000 * kDay});
  const auto forged = other->Issue(old.key.Public(), {.name = "gw-1", .until = clock_.Utc()});
  EXPECT_EQ(enrolment_->Renew(RenewalOf(forged->Pem(), old, fresh)).error().code, Errc::kInvalid);
}

TEST_F(EnrolmentTest, AGatewayThatWasOffForAYearComesBack) {
  const TestKey old, fresh;
  const std::string pem = EnrolOk("gw-1", old);
  clock_.Advance((90 + 399) * kDay);
  EXPECT_TRUE(enrolment_->Renew(RenewalOf(pem, old, fresh)));
  const TestKey late_key;
  const std::string late = EnrolOk("gw-2", late_key);
  clock_.Advance((90 + 401) * kDay);
  EXPECT_EQ(enrolment_->Renew(RenewalOf(late, late_key, fresh)).error().code, Errc::kConflict);
}

TEST_F(EnrolmentTest, WhatWasRevokedIsNeitherRenewedNorGivenAgain) {
  const std::string token = Token("gw-1");
  const TestKey key, fresh;
  const auto issued = enrolment_->Enrol(token, key.request);
  const auto revoked = enrolment_->Revoke("gw-1", "test", "lost");
  ASSERT_TRUE(revoked);
  EXPECT_EQ(revoked->size(), 1U);
  clock_.Advance(61 * kDay);
  EXPECT_EQ(enrolment_->Renew(RenewalOf(issued->certificate, key, fresh)).error().code,
            Errc::kConflict);
  EXPECT_FALSE(enrolment_->Enrol(token, key.request));
  EXPECT_EQ(enrolment_->Revoke("gw-1", "test", "").error().code, Errc::kNotFound);
}

TEST_F(EnrolmentTest, RevokingADeviceTakesItsWaitingTokensToo) {
  const std::string token = Token("gw-1");
  EXPECT_TRUE(enrolment_->Revoke("gw-1", "test", "the token was seen"));
  EXPECT_FALSE(enrolment_->Enrol(token, TestKey().request));
}

TEST_F(EnrolmentTest, ListsTellWhatIsAndWhatWas) {
  (void)EnrolOk("gw-1", TestKey());
  clock_.Advance(kSecond);
  (void)EnrolOk("gw-2", TestKey());
  ASSERT_TRUE(enrolment_->Revoke("gw-1", "test", "lost"));
  const auto list = enrolment_->List();
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 2U);
  EXPECT_EQ(list->at(0).device, "gw-2");
  EXPECT_EQ(list->at(0).revoked, 0);
  EXPECT_EQ(list->at(1).reason, "lost");
  EXPECT_TRUE(enrolment_->MakeRevocationList());
}

TEST(AuthorityFolderTest, MadeOnceAndReadAgain) {
  os::FakeFiles files;
  const AuthorityFiles at{"identity"};
  EXPECT_EQ(OpenAuthorityFolder(files, at).error().code, Errc::kNotFound);
  const auto made = MakeAuthorityFolder(files, at, {"127.0.0.1"}, 0);
  ASSERT_TRUE(made) << made.error().what;
  const auto read = OpenAuthorityFolder(files, at);
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->certificate().Fingerprint(), made->certificate().Fingerprint());
  EXPECT_EQ(MakeAuthorityFolder(files, at, {"127.0.0.1"}, 0).error().code, Errc::kConflict);
  EXPECT_EQ(MakeAuthorityFolder(files, {"other"}, {}, 0).error().code, Errc::kInvalid);
}

}  // namespace
}  // namespace millwright::hub
