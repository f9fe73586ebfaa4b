#include "os/process.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/utsname.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

namespace millwright::os {

Result<int> OpenStopSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  if (pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0)
    return Fail(Errc::kIo, std::string("process: cannot block signals: ") + std::strerror(errno));
  std::signal(SIGPIPE, SIG_IGN);
  const int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (fd < 0) return Fail(Errc::kIo, std::string("process: signalfd: ") + std::strerror(errno));
  return fd;
}

int TakeSignal(int fd) {
  signalfd_siginfo info{};
  const ssize_t got = ::read(fd, &info, sizeof info);
  return got == static_cast<ssize_t>(sizeof info) ? static_cast<int>(info.ssi_signo) : 0;
}

void NotifyServiceManager(std::string_view state) { sd_notify(0, std::string(state).c_str()); }

int64_t WatchdogPeriod() {
  uint64_t period_us = 0;
  if (sd_watchdog_enabled(0, &period_us) <= 0) return 0;
  return static_cast<int64_t>(period_us) * 1000 / 2;
}

int64_t ResidentBytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  long total = 0;
  long resident = 0;
  const int got = std::fscanf(file, "%ld %ld", &total, &resident);
  std::fclose(file);
  return got == 2 ? static_cast<int64_t>(resident) * sysconf(_SC_PAGESIZE) : 0;
}

void NameThread(std::string_view name) {
  pthread_setname_np(pthread_self(), std::string(name.substr(0, 15)).c_str());
}

std::string_view Name(Urgency urgency) {
  switch (urgency) {
    case Urgency::kRealTime:
      return "real-time";
    case Urgency::kNice:
      return "nice";
    case Urgency::kOrdinary:
      break;
  }
  return "ordinary";
}

Urgency MakeThreadUrgent(int rank) {
  constexpr int kRankMax = 10;  // far below the kernel's own threads, which stand at 50 and above
  constexpr int kNice = -10;
  sched_param wanted{};
  wanted.sched_priority = std::clamp(rank, 1, kRankMax);
  // Children of the thread start as ordinary ones.
  if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &wanted) == 0)
    return Urgency::kRealTime;
  return setpriority(PRIO_PROCESS, 0, kNice) == 0 ? Urgency::kNice : Urgency::kOrdinary;
}

std::string HardwareName() {
  constexpr size_t kMax = 128;
  for (const char* path : {"/proc/device-tree/model", "/sys/class/dmi/id/product_name"}) {
    std::string name(kMax, '\0');
    std::ifstream file(path, std::ios::binary);
    file.read(name.data(), static_cast<std::streamsize>(kMax));
    name.resize(static_cast<size_t>(file.gcount()));
    // The device tree ends its text with a zero, firmware with a line.
    name.resize(std::min(name.size(), name.find_first_of(std::string_view("\0\r\n", 3))));
    if (!name.empty()) return name;
  }
  utsname names{};
  return uname(&names) == 0 ? names.machine : "";
}

}  // namespace millwright::os
