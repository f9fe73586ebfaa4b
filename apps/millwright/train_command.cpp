// train: hands over to millwright-train, which lies beside this program and alone needs libtorch.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "commands.h"

namespace millwright::cli {
namespace {

void RunTrainer(Context& context, std::vector<std::string> arguments) {
  const bool asks_json = std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
  if (context.json && !asks_json) arguments.emplace_back("--json");
  context.json = context.json || asks_json;
  std::string program = context.program_folder + "/millwright-train";
  if (::access(program.c_str(), X_OK) != 0) {
    return FailWith(context, Error{Errc::kNotFound, "there is no " + program},
                    "the trainer is a package of its own: install or build millwright-train");
  }
  std::vector<std::string> words = {program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::fflush(nullptr);
  ::execv(program.c_str(), argv.data());
  FailWith(context, Error{Errc::kIo, "cannot run " + program + ": " + std::strerror(errno)});
}

}  // namespace

void ConfigureTrain(CLI::App& command, Context& context) {
  // Every word is the trainer's, --help too: it alone knows its options.
  command.allow_extras();
  command.fallthrough(false);
  command.set_help_flag();
  command.callback([&command, &context] { RunTrainer(context, command.remaining()); });
}

}  // namespace millwright::cli
