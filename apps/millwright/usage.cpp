#include "usage.h"

#include <algorithm>
#include <cstdio>

#include "config/config.h"
#include "output.h"

namespace millwright::cli {
namespace {

using Strings = std::vector<std::string>;

// The command that was named last: "millwright model inspect" of these three.
const CLI::App* DeepestOf(const CLI::App& app) {
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().back();
  return at;
}

std::string PathOf(const CLI::App* command) {
  std::string path;
  for (; command != nullptr; command = command->get_parent())
    path = command->get_name() + (path.empty() ? "" : " " + path);
  return path;
}

Strings CommandsOf(const CLI::App& command) {
  Strings names;
  for (const CLI::App* child : command.get_subcommands({})) names.push_back(child->get_name());
  return names;
}

// Long options that this command takes, its parents' too.
Strings OptionsOf(const CLI::App* command) {
  Strings names;
  for (; command != nullptr; command = command->get_parent()) {
    for (const CLI::Option* option : command->get_options())
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string Unknown(const std::string& what, const std::string& word, const Strings& known) {
  std::string text = "there is no " + what + " \"" + word + "\"";
  if (const auto nearest = config::Nearest(word, known))
    text += "; did you mean \"" + *nearest + "\"?";
  return text;
}

}  // namespace

std::string UsageFault(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* command = DeepestOf(app);
  const bool wants_command = !command->get_subcommands({}).empty();
  Strings rest = app.remaining(true);
  for (std::string& word : rest) {
    if (word.starts_with("--")) {
      word = word.substr(0, word.find('='));
      return Unknown("option", word, OptionsOf(command));
    }
    if (word.starts_with("-")) return Unknown("option", word, {});
    if (wants_command) return Unknown("command", word, CommandsOf(*command));
    return "\"" + word + "\" is one word too many";
  }
  if (!wants_command) return error.what();
  std::string text = "a command is missing: one of";
  for (const std::string& name : CommandsOf(*command)) text += " " + name;
  return text;
}

ExitCode RefuseUsage(const CLI::App& app, const CLI::ParseError& error, const Strings& words) {
  if (words.empty()) {  // somebody asks what there is
    std::fputs(app.help().c_str(), stderr);
    return kUsage;
  }
  const std::string path = PathOf(DeepestOf(app));
  const std::string fault = UsageFault(app, error);
  const std::string hint = path + " --help says more";
  if (std::find(words.begin(), words.end(), "--json") != words.end()) {
    FlatJson json;
    json.Set("ok", false).Set("error", fault).Set("code", "usage").Set("hint", hint).Print();
  } else {
    std::fprintf(stderr, "%s: %s\n  %s\n", path.c_str(), fault.c_str(), hint.c_str());
  }
  return kUsage;
}

}  // namespace millwright::cli
