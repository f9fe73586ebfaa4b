#include "help.h"

#include <CLI/CLI.hpp>
#include <sstream>

namespace millwright::cli {

std::string HelpFormatter::make_subcommand(const CLI::App* command) const {
  const std::string text = command->get_description();
  std::string first = text.substr(0, text.find('\n'));
  if (first.ends_with('.')) first.pop_back();
  std::ostringstream out;
  CLI::detail::format_help(out, "  " + command->get_display_name(), first, column_width_);
  return out.str();
}

}  // namespace millwright::cli
