// people: who may log in, and what they may at which plant.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <memory>

#include "columns.h"
#include "commands.h"
#include "core/text.h"
#include "hub_query.h"
#include "os/files.h"
#include "output.h"

namespace millwright::cli {
namespace {

using nlohmann::json;
using Cell = TextTable::Cell;

constexpr std::string_view kPeople = "/api/v1/people";
constexpr size_t kPasswordFileMax = 1024;

Cell ShowRoles(const json& person, const json& /*answer*/) {
  std::string text;
  for (const json& one : ObjectsOf(person, "roles"))
    text += (text.empty() ? "" : ", ") +
            (TextOf(one, "site") == "*" ? "" : TextOf(one, "site") + ": ") + TextOf(one, "role");
  return {text};
}

Cell ShowAccountState(const json& person, const json& /*answer*/) {
  const bool disabled = IntegerOf(person, "disabled_ms") > 0;
  return {disabled ? "disabled" : "good", disabled ? Tone::kBad : Tone::kGood};
}

constexpr Column kPeopleColumns[] = {
    {"name", ColumnKind::kText, "NAME"},
    {"display", ColumnKind::kText, "CALLED"},
    {"roles", ColumnKind::kLength, "MAY", ShowRoles},
    {"disabled_ms", ColumnKind::kInteger, "STATE", ShowAccountState},
    {"created_by", ColumnKind::kText, "BY"},
    {"created_ms", ColumnKind::kInteger},
};

void ListPeople(Context& context) {
  const auto answer = AskHub(context, std::string(kPeople));
  if (!answer) return FailFromHub(context, answer.error());
  const auto people = ObjectsOf(*answer, "people");
  if (context.json) {
    FlatJson out;
    out.Count("count", people.size());
    AddColumns(out, people, kPeopleColumns);
    return out.Print();
  }
  if (people.empty())
    std::puts("Nobody has an account yet: millwright people add NAME --role '*=operator'");
  else
    std::fputs(TableOf(*answer, people, kPeopleColumns).Text(context.color).c_str(), stdout);
}

struct PersonOptions {
  std::string name, display, password_file;
  std::vector<std::string> roles;
};

// From a file, or one line of standard input: a command line is seen by everybody on the machine.
Result<std::string> ReadPassword(const std::string& file) {
  std::string text;
  if (file.empty()) {
    std::getline(std::cin, text);
  } else {
    os::RealFiles files;
    MW_TRY(const auto bytes, files.Read(file, kPasswordFileMax));
    text = os::AsText(bytes);
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty())
    return Fail(Errc::kInvalid, "no password: one line on standard input, or --password-file");
  return text;
}

void Say(Context& context, const std::string& path, const json& body, const char* done) {
  const auto answer = TellHub(context, std::string(kPeople) + path, body);
  if (!answer) return FailFromHub(context, answer.error());
  const std::string name = TextOf(*answer, "name");
  if (context.json) return FlatJson().Set("name", name).Print();
  std::printf("%s %s\n", name.c_str(), done);
}

void AddPerson(const PersonOptions& options, Context& context) {
  const auto password = ReadPassword(options.password_file);
  if (!password) return FailWith(context, password.error());
  Say(context, "",
      {{"name", options.name},
       {"display", options.display},
       {"password", *password},
       {"roles", options.roles}},
      "may log in.");
}

void SetPassword(const PersonOptions& options, Context& context) {
  const auto password = ReadPassword(options.password_file);
  if (!password) return FailWith(context, password.error());
  Say(context, "/" + PercentEncode(options.name) + "/password", {{"password", *password}},
      "has a new password and must log in again.");
}

CLI::App* AddVerb(CLI::App& command, const char* verb, const char* what,
                  const std::shared_ptr<PersonOptions>& options) {
  CLI::App* made = command.add_subcommand(verb, what);
  made->add_option("NAME", options->name, "Whose account")->required();
  return made;
}

}  // namespace

void ConfigurePeople(CLI::App& command, Context& context) {
  command.require_subcommand(1);
  const auto options = std::make_shared<PersonOptions>();
  const char* role_help = "PLANT=ROLE, * for all plants: '*=viewer' alder=operator";
  const char* file_help = "Read the password here; else one line of standard input";
  CLI::App* list = command.add_subcommand("list", "Everybody with an account");
  list->callback([&context] { ListPeople(context); });
  CLI::App* add = AddVerb(command, "add", "Let somebody log in", options);
  add->add_option("--role", options->roles, role_help)->required();
  add->add_option("--display", options->display, "What people call them");
  add->add_option("--password-file", options->password_file, file_help);
  add->callback([&context, options] { AddPerson(*options, context); });
  CLI::App* roles = AddVerb(command, "roles", "Set what somebody may", options);
  roles->add_option("--role", options->roles, role_help)->required();
  roles->callback([&context, options] {
    Say(context, "/" + PercentEncode(options->name) + "/roles", {{"roles", options->roles}},
        "has new roles.");
  });
  CLI::App* password = AddVerb(command, "password", "Set a password, end the sessions", options);
  password->add_option("--password-file", options->password_file, file_help);
  password->callback([&context, options] { SetPassword(*options, context); });
  AddVerb(command, "disable", "Keep somebody out", options)->callback([&context, options] {
    Say(context, "/" + PercentEncode(options->name) + "/disable", json::object(), "is out.");
  });
  AddVerb(command, "enable", "Let somebody in again", options)->callback([&context, options] {
    Say(context, "/" + PercentEncode(options->name) + "/enable", json::object(),
        "may log in again.");
  });
}

}  // namespace millwright::cli
