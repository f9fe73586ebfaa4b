#include "greengrass/channel.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

#include "greengrass/service.h"
#include "os/files.h"

namespace millwright::greengrass {
namespace {

class ChannelTest : public ::testing::Test {
 protected:
  ChannelTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mw_gg_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~ChannelTest() override {
    if (peer_ >= 0) ::close(peer_);
    if (listener_ >= 0) ::close(listener_);
    std::filesystem::remove_all(folder_);
  }
  [[nodiscard]] std::string path() const { return folder_ + "/ipc.socket"; }
  void Listen() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(path(), address.sun_path);
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(listener_, 1), 0);
  }
  void Accept() { peer_ = ::accept(listener_, nullptr, nullptr); }

  std::string folder_;
  int listener_ = -1, peer_ = -1;
};

TEST_F(ChannelTest, CarriesBytesBothWaysWithoutWaiting) {
  Listen();
  auto channel = OpenUnixChannel(path());
  ASSERT_TRUE(channel) << channel.error().what;
  Accept();
  std::array<std::byte, 8> into{};
  EXPECT_EQ(*(*channel)->Read(into), 0U);
  EXPECT_EQ(*(*channel)->Write(os::AsBytes("hello")), 5U);
  std::array<char, 8> heard{};
  EXPECT_EQ(::read(peer_, heard.data(), heard.size()), 5);
  ASSERT_EQ(::write(peer_, "abc", 3), 3);
  (*channel)->Wait(10 * kSecond, false);
  EXPECT_EQ(*(*channel)->Read(into), 3U);
  EXPECT_EQ(os::AsText(std::span(into).first(3)), "abc");
}

TEST_F(ChannelTest, TellsThatTheOtherSideHasClosed) {
  Listen();
  auto channel = OpenUnixChannel(path());
  ASSERT_TRUE(channel);
  Accept();
  ::close(peer_);
  peer_ = -1;
  std::array<std::byte, 8> into{};
  const auto read = (*channel)->Read(into);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::kUnavailable);
  EXPECT_FALSE((*channel)->Write(os::AsBytes("hello")));  // and no SIGPIPE
}

TEST_F(ChannelTest, APathWithoutANucleusIsAnError) {
  EXPECT_EQ(OpenUnixChannel(path()).error().code, Errc::kUnavailable);
  EXPECT_EQ(OpenUnixChannel("").error().code, Errc::kInvalid);
  EXPECT_EQ(OpenUnixChannel("/" + std::string(200, 'x')).error().code, Errc::kInvalid);
}

TEST_F(ChannelTest, OnlyBothVariablesMakeAComponent) {
  constexpr const char* kSocket = "AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT";
  ::unsetenv("SVCUID");
  ::setenv(kSocket, "/gg/ipc.socket", 1);
  EXPECT_FALSE(NucleusOfEnvironment());
  ::setenv("SVCUID", "token", 1);
  const auto nucleus = NucleusOfEnvironment();
  ASSERT_TRUE(nucleus);
  EXPECT_EQ(nucleus->socket, "/gg/ipc.socket");
  EXPECT_EQ(nucleus->token, "token");
  ::unsetenv(kSocket);
  EXPECT_FALSE(NucleusOfEnvironment());
  ::unsetenv("SVCUID");
}

// A nucleus that is not there must cost nobody anything: the service ends at once.
TEST_F(ChannelTest, AServiceWithoutANucleusStartsAndEnds) {
  os::RealClock clock;
  Service service({.socket = path(), .token = "t"}, "", "gw-1", clock);
  service.SetState(ComponentState::kRunning);
  service.SetBusy("a new model is in shadow");
  service.Report({.job_id = "gg-1", .details = {{"phase", "shadow"}}});
  service.Finish(kMillisecond);
}

}  // namespace
}  // namespace millwright::greengrass
