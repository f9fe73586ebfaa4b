#include "usage.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

namespace millwright::cli {
namespace {

struct Case {
  const char* name;
  std::vector<std::string> words;
  const char* want;
};

class UsageTest : public testing::TestWithParam<Case> {};

TEST_P(UsageTest, SaysWhichWordIsWrongAndWhichIsNearest) {
  CLI::App app("", "millwright");
  app.fallthrough();
  app.require_subcommand(1);
  bool json = false;
  int limit = 0;
  std::string file;
  app.add_flag("--json", json);
  app.add_subcommand("alarms", "")->add_option("--limit", limit)->check(CLI::Range(1, 9));
  CLI::App* model = app.add_subcommand("model", "");
  model->require_subcommand(1);
  model->add_subcommand("inspect", "")->add_option("FILE", file)->required();
  std::vector<std::string> reversed(GetParam().words.rbegin(), GetParam().words.rend());
  try {
    app.parse(reversed);
    FAIL() << "nothing was wrong";
  } catch (const CLI::ParseError& error) {
    EXPECT_EQ(UsageFault(app, error), GetParam().want);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Words, UsageTest,
    testing::Values(
        Case{"command", {"alrams"}, "there is no command \"alrams\"; did you mean \"alarms\"?"},
        Case{"stranger", {"xyzzyx"}, "there is no command \"xyzzyx\""},
        Case{"option",
             {"alarms", "--jsn"},
             "there is no option \"--jsn\"; did you mean \"--json\"?"},
        Case{"option_with_value",
             {"alarms", "--limt=3"},
             "there is no option \"--limt\"; did you mean \"--limit\"?"},
        Case{"too_many", {"alarms", "extra"}, "\"extra\" is one word too many"},
        Case{"range", {"alarms", "--limit", "10"}, "--limit: Value 10 not in range 1 to 9"},
        Case{"none_below", {"model"}, "a command is missing: one of inspect"},
        Case{"near_below",
             {"model", "inspct"},
             "there is no command \"inspct\"; did you mean \"inspect\"?"},
        Case{"required", {"model", "inspect"}, "FILE is required"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace millwright::cli
