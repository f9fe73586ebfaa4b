// ca, enroll-token, certificates, revoke, token: who may come in, from the hub's side.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "columns.h"
#include "commands.h"
#include "core/text.h"
#include "hub/identity/authority_folder.h"
#include "hub/identity/enrolment.h"
#include "hub_query.h"
#include "os/clock.h"
#include "output.h"

namespace millwright::cli {
namespace {

using nlohmann::json;
using Cell = TextTable::Cell;

// -- ca -------------------------------------------------------------------------------------------

struct CaOptions {
  std::string folder;
  std::vector<std::string> hosts;
};

Result<void> InitCa(const CaOptions& options, const Context& context) {
  os::RealFiles files;
  const os::RealClock clock;
  const hub::AuthorityFiles at{options.folder};
  MW_TRY(const crypto::Authority authority,
         hub::MakeAuthorityFolder(files, at, options.hosts, clock.Utc()));
  // Nobody is revoked yet; a broker wants to be told so.
  MW_TRY(const std::string list,
         authority.RevocationList({}, 0, 0, authority.certificate().Until()));
  MW_TRY(files.WriteDurably(at.Path("crl.pem"), os::AsBytes(list)));
  const std::string fingerprint = authority.certificate().Fingerprint();
  if (context.json)
    FlatJson().Set("folder", options.folder).Set("fingerprint", fingerprint).Print();
  else
    std::printf("%s: %s, %s\n", options.folder.c_str(), authority.certificate().Name().c_str(),
                fingerprint.c_str());
  return {};
}

// -- enroll-token ---------------------------------------------------------------------------------

struct EnrolTokenOptions {
  std::string device, replace;
  double ttl_s = 3600;
};

void MakeEnrolToken(const EnrolTokenOptions& options, Context& context) {
  const bool replace = !options.replace.empty();
  const auto answer = TellHub(context, "/api/v1/identity/tokens",
                              {{"device", replace ? options.replace : options.device},
                               {"ttl_s", static_cast<int64_t>(options.ttl_s)},
                               {"replace", replace}});
  if (!answer) return FailFromHub(context, answer.error());
  const std::string token = TextOf(*answer, "token");
  if (context.json)
    FlatJson().Set("device", TextOf(*answer, "device")).Set("token", token).Print();
  else
    std::printf("%s\n", token.c_str());
}

// -- certificates ---------------------------------------------------------------------------------

Cell ShowCertificateState(const json& row, const json& /*answer*/) {
  if (IntegerOf(row, "revoked_ms") > 0) return {"revoked", Tone::kBad};
  if (FlagOf(row, "renewed")) return {"renewed", Tone::kFaint};
  return {"good", Tone::kGood};
}

Cell ShowUntil(const json& row, const json& /*answer*/) {
  return {ShortUtc(IntegerOf(row, "until_ms"))};
}

constexpr Column kCertificateColumns[] = {
    {"device", ColumnKind::kText, "DEVICE"},
    {"revoked_ms", ColumnKind::kInteger, "STATE", ShowCertificateState},
    {"until_ms", ColumnKind::kInteger, "UNTIL", ShowUntil},
    {"issued_ms", ColumnKind::kInteger},
    {"renewed", ColumnKind::kFlag},
    {"serial", ColumnKind::kText, "SERIAL"},
    {"reason", ColumnKind::kText, "WHY"},
};

// -- access tokens --------------------------------------------------------------------------------

Cell ShowTokenState(const json& row, const json& /*answer*/) {
  const bool revoked = IntegerOf(row, "revoked_ms") > 0;
  return {revoked ? "revoked" : "good", revoked ? Tone::kBad : Tone::kGood};
}

constexpr Column kTokenColumns[] = {
    {"id", ColumnKind::kText, "ID"},
    {"name", ColumnKind::kText, "NAME"},
    {"role", ColumnKind::kText, "ROLE"},
    {"revoked_ms", ColumnKind::kInteger, "STATE", ShowTokenState},
    {"created_by", ColumnKind::kText, "BY"},
    {"created_ms", ColumnKind::kInteger},
    {"expires_ms", ColumnKind::kInteger},
};

void ShowIdentities(Context& context, const char* path, const char* array,
                    std::span<const Column> columns, const char* when_empty) {
  const auto answer = AskHub(context, path);
  if (!answer) return FailFromHub(context, answer.error());
  const auto rows = ObjectsOf(*answer, array);
  if (context.json) {
    FlatJson out;
    out.Count("count", rows.size());
    AddColumns(out, rows, columns);
    return out.Print();
  }
  if (rows.empty())
    std::puts(when_empty);
  else
    std::fputs(TableOf(*answer, rows, columns).Text(context.color).c_str(), stdout);
}

struct AccessTokenOptions {
  std::string name, role = "viewer", id;
  double ttl_s = 0;
};

void AddAccessToken(const AccessTokenOptions& options, Context& context) {
  const auto answer = TellHub(context, "/api/v1/access",
                              {{"name", options.name},
                               {"role", options.role},
                               {"ttl_s", static_cast<int64_t>(options.ttl_s)}});
  if (!answer) return FailFromHub(context, answer.error());
  if (context.json)
    FlatJson().Set("id", TextOf(*answer, "id")).Set("token", TextOf(*answer, "token")).Print();
  else
    std::printf("%s\n", TextOf(*answer, "token").c_str());
}

// Hours and days are what people think in.
CLI::AsNumberWithUnit Durations() {
  return CLI::AsNumberWithUnit(
      std::map<std::string, double>{{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86'400}},
      CLI::AsNumberWithUnit::CASE_SENSITIVE, "TIME");
}

}  // namespace

void ConfigureCa(CLI::App& command, Context& context) {
  const auto options = std::make_shared<CaOptions>();
  CLI::App* init = command.add_subcommand("init", "Make an authority and its servers' keys");
  init->add_option("--dir", options->folder, "Where it is to live")->required();
  init->add_option("--host", options->hosts, "Address or name that it is reached by; several")
      ->required();
  command.require_subcommand(1);
  init->callback([&context, options] {
    if (const auto done = InitCa(*options, context); !done) FailWith(context, done.error());
  });
}

void ConfigureEnrolToken(CLI::App& command, Context& context) {
  const auto options = std::make_shared<EnrolTokenOptions>();
  CLI::Option* device = command.add_option("DEVICE", options->device, "A new gateway's name");
  CLI::Option* replace = command.add_option(
      "--replace", options->replace,
      "Give this gateway's name to another one; using the token takes the old one's back");
  device->excludes(replace);
  command.add_option("--ttl", options->ttl_s, "How long it can be used: 30m, 2h, 1d (default 1h)")
      ->transform(Durations());
  command.callback([&context, options] {
    if (options->device.empty() && options->replace.empty())
      return FailWith(context, Error{Errc::kInvalid, "enroll-token: which gateway?"},
                      "name it, or --replace one");
    MakeEnrolToken(*options, context);
  });
}

void ConfigureCertificates(CLI::App& command, Context& context) {
  command.callback([&context] {
    ShowIdentities(context, "/api/v1/identity/certificates", "certificates", kCertificateColumns,
                   "No gateway has been enrolled yet.");
  });
}

void ConfigureRevoke(CLI::App& command, Context& context) {
  const auto request = std::make_shared<std::pair<std::string, std::string>>();
  command.add_option("DEVICE", request->first, "The gateway")->required();
  command.add_option("--why", request->second, "In words; kept in the books");
  command.callback([&context, request] {
    const auto answer = TellHub(context, "/api/v1/identity/revoke",
                                {{"device", request->first}, {"why", request->second}});
    if (!answer) return FailFromHub(context, answer.error());
    const size_t count = answer->contains("revoked") ? (*answer)["revoked"].size() : 0;
    if (context.json)
      FlatJson().Set("device", request->first).Count("revoked", count).Print();
    else
      std::printf("%s: %zu certificates revoked\n", request->first.c_str(), count);
  });
}

void ConfigureToken(CLI::App& command, Context& context) {
  const auto options = std::make_shared<AccessTokenOptions>();
  command.require_subcommand(1);
  CLI::App* add = command.add_subcommand("add", "Make a token; it is shown this once");
  add->add_option("NAME", options->name, "Who or what it is for")->required();
  add->add_option("--role", options->role, "viewer reads, operator changes, admin lets others in")
      ->check(CLI::IsMember({"viewer", "operator", "admin"}))
      ->capture_default_str();
  add->add_option("--ttl", options->ttl_s, "How long it counts: 8h, 90d (default: until revoked)")
      ->transform(Durations());
  add->callback([&context, options] { AddAccessToken(*options, context); });
  command.add_subcommand("list", "List tokens, without their secrets")->callback([&context] {
    ShowIdentities(context, "/api/v1/access", "tokens", kTokenColumns, "There are no tokens.");
  });
  CLI::App* revoke = command.add_subcommand("revoke", "Take a token back");
  revoke->add_option("ID", options->id, "As `list` shows it")->required();
  revoke->callback([&context, options] {
    const auto answer = TellHub(context, "/api/v1/access/" + PercentEncode(options->id) + "/revoke",
                                json::object());
    if (!answer) return FailFromHub(context, answer.error());
    if (context.json)
      FlatJson().Set("id", options->id).Print();
    else
      std::printf("%s is revoked\n", options->id.c_str());
  });
}

}  // namespace millwright::cli
