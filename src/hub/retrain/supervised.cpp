#include "hub/retrain/supervised.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace millwright::hub::retrain {
namespace {

constexpr int kNoProgram = 127;
constexpr int kReadsMax = 64;  // a program that writes without end must not hold the hub's thread

// Between fork and exec only what is safe there: no allocation, no lock.
[[noreturn]] void Become(char* const* words, int output, pid_t hub) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != hub) ::_exit(kNoProgram);  // the hub died before prctl
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::close_range(STDERR_FILENO + 1, ~0U, 0);  // the hub's database and sockets are not its own
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execvp(words[0], words);
  const char* why = std::strerror(errno);
  (void)!::write(STDERR_FILENO, why, std::strlen(why));
  ::_exit(kNoProgram);
}

}  // namespace

Result<std::unique_ptr<Program>> Program::Start(ProgramOptions options) {
  if (options.words.empty()) return Fail(Errc::kInvalid, "program: no command is named");
  std::vector<char*> words;
  for (std::string& word : options.words) words.push_back(word.data());
  words.push_back(nullptr);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return Fail(Errc::kIo, std::string("program: no pipe: ") + std::strerror(errno));
  const pid_t hub = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) Become(words.data(), ends[1], hub);
  ::close(ends[1]);
  if (pid < 0) {
    ::close(ends[0]);
    return Fail(Errc::kIo, std::string("program: no process: ") + std::strerror(errno));
  }
  ::setpgid(pid, pid);  // both sides do it: whoever comes first
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return std::unique_ptr<Program>(new Program(std::move(options), pid, ends[0]));
}

Program::~Program() {
  Stop();
  if (output_ >= 0) ::close(output_);
}

std::optional<int> Program::Poll() {
  TakeOutput();
  if (pid_ == 0) return status_;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  ::kill(-pid_, SIGKILL);  // what it left behind
  pid_ = 0;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  TakeOutput();
  return status_;
}

void Program::Stop() {
  if (pid_ == 0) return;
  ::kill(-pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
  status_ = 128 + SIGKILL;
  TakeOutput();
}

void Program::TakeOutput() {
  char piece[16384];
  for (int reads = 0; reads < kReadsMax && output_ >= 0; ++reads) {
    const size_t most = std::min(sizeof piece, options_.log_bytes_max / 2);
    const ssize_t count = ::read(output_, piece, most);
    if (count <= 0) return;
    Append(piece, static_cast<size_t>(count));
  }
}

// A log that cannot be written is no reason to stop: the program's end tells how it went.
void Program::Append(const char* bytes, size_t count) {
  std::error_code ignored;
  const auto size = std::filesystem::file_size(options_.log, ignored);
  if (!ignored && size + count > options_.log_bytes_max / 2)
    std::filesystem::rename(options_.log, options_.log + ".1", ignored);
  std::ofstream(options_.log, std::ios::app | std::ios::binary)
      .write(bytes, static_cast<std::streamsize>(count));
}

std::string TailOfLog(const std::string& log, size_t bytes_max) {
  std::string text;
  for (const std::string& name : {log + ".1", log}) {
    std::ifstream file(name, std::ios::binary);
    text.append(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return text.size() > bytes_max ? text.substr(text.size() - bytes_max) : text;
}

}  // namespace millwright::hub::retrain
