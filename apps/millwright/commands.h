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
void ConfigureInbox(CLI::App& command, Context& context);
void ConfigureJudge(CLI::App& command, Context& context);
void ConfigureLabel(CLI::App& command, Context& context);
void ConfigureAsset(CLI::App& command, Context& context);
void ConfigureAccuracy(CLI::App& command, Context& context);
void ConfigureNotify(CLI::App& command, Context& context);
void ConfigureModels(CLI::App& command, Context& context);
void ConfigureTrain(CLI::App& command, Context& context);
void ConfigureBacktest(CLI::App& command, Context& context);
void ConfigureSlot(CLI::App& command, Context& context);
void ConfigureBundle(CLI::App& command, Context& context);
void ConfigureRelease(CLI::App& command, Context& context);
void ConfigureRollout(CLI::App& command, Context& context);
void ConfigureRetrain(CLI::App& command, Context& context);
void ConfigureSchedule(CLI::App& command, Context& context);
void ConfigureWindow(CLI::App& command, Context& context);
void ConfigureCa(CLI::App& command, Context& context);
void ConfigureEnrolToken(CLI::App& command, Context& context);
void ConfigureEnrol(CLI::App& command, Context& context);
void ConfigureCertificates(CLI::App& command, Context& context);
void ConfigureRevoke(CLI::App& command, Context& context);
void ConfigureToken(CLI::App& command, Context& context);
void ConfigurePeople(CLI::App& command, Context& context);
void ConfigureMosquitto(CLI::App& command, Context& context);
void ConfigureAws(CLI::App& command, Context& context);
void ConfigureBackup(CLI::App& command, Context& context);
void ConfigureRestore(CLI::App& command, Context& context);
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
    {"Fleet", "inbox", "List what a person has to judge, worst first",
     "  millwright inbox\n"
     "  millwright inbox --view shelved --site alder",
     ConfigureInbox},
    {"Fleet", "judge", "Confirm, reject or shelve alarms; take it back",
     "  millwright judge confirm gw-alder-1~P-102-7 --fault outer_race\n"
     "  millwright judge reject gw-alder-1~P-102-7 --reason process_change\n"
     "  millwright judge shelve gw-alder-1~P-102-7 --for 8h",
     ConfigureJudge},
    {"Fleet", "label", "List labels, add ranges, import work orders",
     "  millwright label list --site alder --json\n"
     "  millwright label range alder/P-102 --from 2026-11-17T06:00:00Z --to 2026-11-17T09:00:00Z "
     "--rating NEUTRAL\n"
     "  millwright label import orders.csv --column machine=Equipment from=Start to=End "
     "code=Cause --code BRG-OR=outer_race INSP=healthy\n"
     "  millwright label export set/ --bundle bundle/ --from 2026-10-01T00:00:00Z",
     ConfigureLabel},
    {"Fleet", "asset", "Tell that a machine was repaired or replaced; list its baselines",
     "  millwright asset repaired alder/P-102 --from 2026-11-17T06:00:00Z --note 'new bearing'\n"
     "  millwright asset replaced alder/P-102 --from 2026-11-17T06:00:00Z --to "
     "2026-11-17T15:00:00Z\n"
     "  millwright asset baselines alder/P-102",
     ConfigureAsset},
    {"Fleet", "accuracy", "Tell how right each gateway is, by its labels",
     "  millwright accuracy\n"
     "  millwright accuracy --days 30 --json",
     ConfigureAccuracy},
    {"Fleet", "notify", "List what people were told, or test a route",
     "  millwright notify list\n"
     "  millwright notify test night-shift",
     ConfigureNotify},
    {"Models", "models", "List the models in use and where", "  millwright models",
     ConfigureModels},
    {"Models", "train", "Train a model on recordings and write a bundle",
     "  millwright train --data recordings/ --out bundle/ --seed 1\n"
     "  millwright train --help            every option of millwright-train",
     ConfigureTrain},
    {"Models", "backtest", "Tell what a model would have said on the hub's history",
     "  millwright backtest bundle/ --from 2026-11-17T00:00:00Z --to 2026-11-18T00:00:00Z\n"
     "  millwright backtest models/pump/12.tar --repository repository/ --from "
     "2026-11-17T00:00:00Z --asset "
     "alder/P-102",
     ConfigureBacktest},
    {"Models", "slot", "Show this gateway's models, or go back to the one before",
     "  millwright slot --state /var/lib/millwright\n"
     "  millwright slot undo --reason 'false alarms on P-102'\n"
     "  millwright slot undo --config --reason 'warns too early'",
     ConfigureSlot},
    {"Models", "bundle", "Make a bundle of a configuration, one file of any bundle",
     "  millwright bundle config pumps.toml config/ --name pumps --version 3\n"
     "  millwright bundle pack bundle/ pump-12.tar",
     ConfigureBundle},
    {"Models", "release", "Sign a bundle for the fleet, list what is offered",
     "  millwright release add repository/ bundle/ --line models/pump --key release.pem --key "
     "hub.pem\n"
     "  millwright release list",
     ConfigureRelease},
    {"Models", "rollout", "Bring a release to the gateways in waves, and steer it",
     "  millwright rollout start models/pump/12.tar --dry-run\n"
     "  millwright rollout start models/pump/12.tar --waves 1%,10%,50%,100%\n"
     "  millwright rollout show r-0123456789ab\n"
     "  millwright rollout reverse r-0123456789ab --why 'false alarms on P-102'",
     ConfigureRollout},
    {"Models", "retrain", "Ask the hub for a better model, see how it compares, let it out",
     "  millwright retrain start --why 'the pumps were rebuilt'\n"
     "  millwright retrain show t-0123456789ab\n"
     "  millwright retrain approve t-0123456789ab",
     ConfigureRetrain},
    {"Models", "schedule", "Let rollouts of a line's newest release start by themselves",
     "  millwright schedule set monthly models/pump --every 30 --at 22:00 --zone Europe/Berlin\n"
     "  millwright schedule plan monthly",
     ConfigureSchedule},
    {"Models", "window", "Say when a site's gateways may be given something new",
     "  millwright window set alder sat,sun@22:00-04:00 --zone Europe/Berlin\n"
     "  millwright window list",
     ConfigureWindow},
    {"Models", "aws", "Write what AWS IoT and Greengrass need for a release",
     "  millwright aws export --release models/pump/12.tar --repository repository/ --out aws/\n"
     "  millwright aws export --help",
     ConfigureAws},
    {"Identity", "ca", "Make the authority that a hub or a gateway's broker stands on",
     "  millwright ca init --dir /var/lib/millwright-hub/identity --host hub.example", ConfigureCa},
    {"Identity", "enroll-token", "Allow one gateway to come in, once",
     "  millwright enroll-token gw-alder-1\n"
     "  millwright enroll-token --replace gw-alder-1 --ttl 2h",
     ConfigureEnrolToken},
    {"Identity", "enroll", "Get this gateway its certificate, or renew it",
     "  millwright enroll --hub https://hub:8443 --token mwe1... --dir /etc/millwright/identity\n"
     "  millwright enroll --hub https://hub:8443 --renew --dir /etc/millwright/identity",
     ConfigureEnrol},
    {"Identity", "certificates", "List gateways' certificates, newest first",
     "  millwright certificates", ConfigureCertificates},
    {"Identity", "revoke", "Take a gateway's certificates back",
     "  millwright revoke gw-alder-1 --why 'stolen from the cabinet'", ConfigureRevoke},
    {"Identity", "token", "Add, list and revoke access tokens for the hub's API",
     "  millwright token add prometheus --role viewer\n"
     "  millwright token list\n"
     "  millwright token revoke 1a2b3c4d",
     ConfigureToken},
    {"Identity", "people", "Accounts of people, and what they may at which plant",
     "  millwright people add ana --role '*=viewer' alder=operator < password.txt\n"
     "  millwright people list",
     ConfigurePeople},
    {"Identity", "mosquitto-config", "Write the configuration of a hub's or a gateway's broker",
     "  millwright mosquitto-config hub --identity /var/lib/millwright-hub/identity --out "
     "/etc/mosquitto/millwright\n"
     "  millwright mosquitto-config gateway --site alder --sensor plc-gateway --reader plc "
     "--out /etc/mosquitto/millwright",
     ConfigureMosquitto},
    {"Data", "replay", "Play recordings to a gateway as if they happened now",
     "  millwright replay recordings/ --broker 127.0.0.1:1883 --site alder\n"
     "  millwright replay skab/ --broker 127.0.0.1:1883 --site lab --rate real",
     ConfigureReplay},
    {"Data", "backup", "Save a hub whole, while it runs",
     "  millwright backup /backup/hub-$(date -u +%F).tar.zst --config /etc/millwright/hub.toml",
     ConfigureBackup},
    {"Data", "restore", "Put a saved hub into an empty folder",
     "  millwright restore /backup/hub-2026-11-24.tar.zst --into /var/lib/millwright-hub",
     ConfigureRestore},
    {"Help", "doctor", "Check this machine and name what to do about each fault",
     "  millwright doctor\n"
     "  millwright doctor --broker 127.0.0.1:1883 --bundle models/pump --state /var/lib/millwright",
     ConfigureDoctor},
    {"Help", "completion", "Print a completion script for bash, zsh or fish",
     "  source <(millwright completion bash)", ConfigureCompletion},
};

}  // namespace millwright::cli
