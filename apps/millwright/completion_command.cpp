// completion: scripts for shells, made from the commands as they are.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "commands.h"

namespace millwright::cli {
namespace {

// "--hub --json" of a command and of the program above it.
std::string LongOptions(const CLI::App& command) {
  std::string words;
  for (const CLI::App* app : {&command, command.get_parent()}) {
    if (app == nullptr) continue;
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) words += " --" + name;
    }
  }
  return words.empty() ? words : words.substr(1);
}

std::string Names(const CLI::App& app) {
  std::string words;
  for (const CLI::App* command : app.get_subcommands({})) words += " " + command->get_name();
  return words.empty() ? words : words.substr(1);
}

void PrintBash(const CLI::App& root) {
  std::printf("_millwright() {\n  local cur=${COMP_WORDS[COMP_CWORD]} words=\n");
  std::printf("  if [ \"$COMP_CWORD\" = 1 ]; then words='%s'; else\n    case ${COMP_WORDS[1]} in\n",
              Names(root).c_str());
  for (const CLI::App* command : root.get_subcommands({})) {
    const std::string words = Names(*command) + " " + LongOptions(*command);
    std::printf("      %s) words='%s' ;;\n", command->get_name().c_str(), words.c_str());
  }
  std::printf(
      "    esac\n  fi\n  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
      "complete -o default -F _millwright millwright\n");
}

void PrintFish(const CLI::App& root) {
  for (const CLI::App* command : root.get_subcommands({})) {
    const std::string& name = command->get_name();
    const std::string text = command->get_description();
    std::string first = text.substr(0, text.find('\n'));
    std::erase(first, '\'');
    std::printf("complete -c millwright -n __fish_use_subcommand -a %s -d '%s'\n", name.c_str(),
                first.c_str());
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& option_name : option->get_lnames())
        std::printf("complete -c millwright -n '__fish_seen_subcommand_from %s' -l %s\n",
                    name.c_str(), option_name.c_str());
    }
  }
}

}  // namespace

void ConfigureCompletion(CLI::App& command, Context& context) {
  (void)context;
  const auto shell = std::make_shared<std::string>();
  command.add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command.callback([&command, shell] {
    const CLI::App& root = *command.get_parent();
    if (*shell == "fish") return PrintFish(root);
    if (*shell == "zsh") std::printf("autoload -U +X bashcompinit && bashcompinit\n");
    PrintBash(root);
  });
}

}  // namespace millwright::cli
