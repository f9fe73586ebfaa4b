#include "os/process.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>

namespace millwright::os {
namespace {

TEST(ProcessTest, StopSignalsArriveOnTheDescriptor) {
  const auto fd = OpenStopSignals();
  ASSERT_TRUE(fd);
  EXPECT_EQ(TakeSignal(*fd), 0);
  ::raise(SIGTERM);
  EXPECT_EQ(TakeSignal(*fd), SIGTERM);
  ::close(*fd);
}

TEST(ProcessTest, TellsTheServiceManager) {
  const std::string path = testing::TempDir() + "mw_notify_" + std::to_string(::getpid());
  ::unlink(path.c_str());
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  NotifyServiceManager("READY=1");
  ::unsetenv("NOTIFY_SOCKET");
  char text[64] = {};
  EXPECT_EQ(::recv(fd, text, sizeof text, 0), 7);
  EXPECT_STREQ(text, "READY=1");
  ::close(fd);
  ::unlink(path.c_str());
}

TEST(ProcessTest, KnowsItsMemory) { EXPECT_GT(ResidentBytes(), 1 << 20); }

// What is allowed differs from machine to machine; what is said must be what is.
TEST(ProcessTest, AnUrgentThreadIsWhatItSaysItIs) {
  std::thread([] {
    const Urgency reached = MakeThreadUrgent(3);
    const int policy = ::sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
    EXPECT_EQ(policy == SCHED_RR, reached == Urgency::kRealTime) << Name(reached);
    const int nice = ::getpriority(PRIO_PROCESS, 0);
    EXPECT_EQ(nice < 0 && policy == SCHED_OTHER, reached == Urgency::kNice) << Name(reached);
  }).join();
  EXPECT_EQ(::sched_getscheduler(0), SCHED_OTHER);
}

TEST(ProcessTest, WithoutAServiceManagerNothingIsDue) {
  ::unsetenv("WATCHDOG_USEC");
  EXPECT_EQ(WatchdogPeriod(), 0);
  NotifyServiceManager("READY=1");
}

}  // namespace
}  // namespace millwright::os
