// millwright: the command line of it all. Parses, runs one command, and gives its exit status back.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "commands.h"
#include "help.h"
#include "hub_client.h"
#include "keys_commands.h"
#include "model_commands.h"
#include "output.h"
#include "usage.h"

namespace {

std::string ProgramFolder() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
}

void AddCommands(CLI::App& app, millwright::cli::Context& context) {
  for (const auto& row : millwright::cli::kCommands) {
    CLI::App* command =
        app.add_subcommand(std::string(row.name), std::string(row.summary) + ".\n\nExamples\n" +
                                                      std::string(row.examples) + "\n");
    command->group(std::string(row.group));
    row.configure(*command, context);
  }
  millwright::cli::AddModelCommands(app, context);
  millwright::cli::AddKeysCommands(app, context);
}

std::string FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// Empty where it is right, as CLI11 wants it.
std::string CheckHubAddress(const std::string& url) {
  const auto hub = millwright::cli::HubClient::Make(url);
  return hub ? std::string() : hub.error().what;
}

}  // namespace

int main(int argc, char** argv) {
  millwright::cli::Context context;
  context.program_folder = ProgramFolder();
  context.color = millwright::cli::TerminalHasColor();

  CLI::App app(
      "Millwright listens to machines and warns before they break.\n\n"
      "Examples\n"
      "  millwright doctor                          is everything here in order?\n"
      "  millwright alarms                          what needs a person now\n"
      "  millwright model inspect model.tflite      what is inside a model\n",
      "millwright");
  app.fallthrough();
  app.require_subcommand(1);
  app.set_version_flag("--version", MW_VERSION);
  app.add_option("--hub", context.hub, "Address of the hub (environment: MW_HUB)")
      ->envname("MW_HUB")
      ->check(CheckHubAddress)
      ->capture_default_str();
  app.add_option("--token", context.token,
                 "Token that the hub asks for (environment: MILLWRIGHT_TOKEN)")
      ->envname("MILLWRIGHT_TOKEN");
  app.add_option_function<std::string>(
         "--token-file", [&context](const std::string& path) { context.token = FirstLine(path); },
         "A file whose first line is the token")
      ->check(CLI::ExistingFile);
  app.add_option("--ca", context.ca_file,
                 "PEM of who vouches for an https hub (environment: MILLWRIGHT_CA)")
      ->envname("MILLWRIGHT_CA")
      ->check(CLI::ExistingFile);
  app.add_flag("--json", context.json, "Print one flat JSON object instead of text");
  app.formatter(std::make_shared<millwright::cli::HelpFormatter>());
  app.get_formatter()->column_width(34);
  AddCommands(app, context);

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    return app.exit(help_or_version);
  } catch (const CLI::ParseError& error) {
    return millwright::cli::RefuseUsage(app, error, {argv + 1, argv + argc});
  }
  return context.exit_code;
}
