// The look of --help: examples first, one line a command.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Formatter.hpp>
#include <string>

namespace millwright::cli {

class HelpFormatter : public CLI::Formatter {
 public:
  /// In the overview a command is its name and the first line of what it does.
  std::string make_subcommand(const CLI::App* command) const override;
};

}  // namespace millwright::cli
