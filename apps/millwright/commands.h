// The commands, one row each; main.cpp turns the table into the command line.
#pragma once

#include <CLI/App.hpp>
#include <string_view>

#include "context.h"

namespace millwright::cli {

struct Command {
  std::string_view group;  // heading in the help
  std::string_view name;
  std::string_view summary;                                // one line
  std::string_view examples;                               // shown before the options
  void (*configure)(CLI::App& command, Context& context);  // adds options and the callback
};

void ConfigureDevices(CLI::App& command, Context& context);
void ConfigureEvents(CLI::App& command, Context& context);
void ConfigureAlarms(CLI::App& command, Context& context);
void ConfigureModels(CLI::App& command, Context& context);
void ConfigureTrain(CLI::App& command, Context& context);
void ConfigureSlot(CLI::App& command, Context& context);
void ConfigureReplay(CLI::App& command, Context& context);
void ConfigureDoctor(CLI::App& command, Context& context);
void ConfigureCompletion(CLI::App& command, Context& context);

inline constexpr Command kCommands[] = {
    {"Fleet", "devices", "List gateways and whether they are heard",
     "  millwright devices\n"
     "  millwright devices --hub http://hub:8080 --json | jq '.device'",
     ConfigureDevices},
    {"Fleet", "events", "List or follow what gateways have delivered",
     "  millwright events --device gw-alder-1 --lane alarm\n"
     "  millwright events --follow",
     ConfigureEvents},
    {"Fleet", "alarms", "List alarms, newest first",
     "  millwright alarms\n"
     "  millwright alarms --all --limit 20",
     ConfigureAlarms},
    {"Models", "models", "List the models in use and where", "  millwright models",
     ConfigureModels},
    {"Models", "train", "Train a model on recordings and write a bundle",
     "  millwright train --data recordings/ --out bundle/ --seed 1\n"
     "  millwright train --help            every option of millwright-train",
     ConfigureTrain},
    {"Models", "slot", "Show this gateway's models, or go back to the one before",
     "  millwright slot --state /var/lib/millwright\n"
     "  millwright slot undo --reason 'false alarms on P-102'",
     ConfigureSlot},
    {"Data", "replay", "Play recordings to a gateway as if they happened now",
     "  millwright replay recordings/ --broker 127.0.0.1:1883 --site alder\n"
     "  millwright replay skab/ --broker 127.0.0.1:1883 --site lab --rate real",
     ConfigureReplay},
    {"Help", "doctor", "Check this machine and name what to do about each fault",
     "  millwright doctor\n"
     "  millwright doctor --broker 127.0.0.1:1883 --bundle models/pump --state /var/lib/millwright",
     ConfigureDoctor},
    {"Help", "completion", "Print a completion script for bash, zsh or fish",
     "  source <(millwright completion bash)", ConfigureCompletion},
};

}  // namespace millwright::cli
