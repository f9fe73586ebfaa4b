// The agent as a program: exit statuses and signals. No broker is there; it waits for one.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "agent/testing/plant.h"

namespace millwright::agent {
namespace {

class ProgramTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(testing::WriteHonestBundle(files_, folder_.path() + "/bundle"));
    std::string text = testing::ConfigText(folder_.path(), 1);
    const std::string uplink = "[uplink]\n";
    text.replace(text.find(uplink), uplink.size(), "[broker]\nport = 1\n[uplink]\nport = 1\n");
    Configure(text);
  }
  void TearDown() override {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
  }
  void Configure(const std::string& text) {
    text_ = text;
    std::ofstream(config_) << text;
  }
  void Start(const std::vector<std::string>& more = {}) {
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int log = ::open(log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::dup2(log, STDERR_FILENO);
    ::dup2(log, STDOUT_FILENO);
    std::vector<std::string> words = {MW_AGENT_PROGRAM, "--config", config_};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  [[nodiscard]] int End() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  [[nodiscard]] std::string Log() const {
    std::ifstream in(log_);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // Waits for a line; the limit only ends a broken run.
  [[nodiscard]] bool Says(const std::string& text) const {
    for (int i = 0; i < 2000; ++i) {
      if (Log().find(text) != std::string::npos) return true;
      ::usleep(10'000);
    }
    return false;
  }

  testing::TemporaryFolder folder_;
  os::RealFiles files_;
  std::string config_ = folder_.path() + "/agent.toml";
  std::string log_ = folder_.path() + "/log";
  std::string text_;
  pid_t pid_ = 0;
};

TEST_F(ProgramTest, ChecksAConfigurationAndEnds) {
  Start({"--check-config"});
  EXPECT_EQ(End(), 0) << Log();
  EXPECT_NE(Log().find("good: 1 assets"), std::string::npos) << Log();
  Configure("[device]\nid = \"gw-1\"\nsit = \"alder\"\n");
  Start({"--check-config"});
  EXPECT_EQ(End(), 3);
  EXPECT_NE(Log().find("agent.toml:3"), std::string::npos) << Log();
  EXPECT_NE(Log().find("\"site\""), std::string::npos) << Log();
}

TEST_F(ProgramTest, HangupReadsTheFileAgainAndChangesNothing) {
  Start();
  ASSERT_TRUE(Says("\"ready\"")) << Log();
  ::kill(pid_, SIGHUP);
  EXPECT_TRUE(Says("configuration is good; restart to use it")) << Log();
  Configure(text_ + "[[asset]]\nid = \"P-1\"\n");
  ::kill(pid_, SIGHUP);
  EXPECT_TRUE(Says("\"level\":\"error\"")) << Log();
  ::kill(pid_, SIGTERM);  // it still runs, and ends well
  EXPECT_EQ(End(), 0) << Log();
  EXPECT_NE(Log().find("\"stopped\""), std::string::npos);
}

}  // namespace
}  // namespace millwright::agent
