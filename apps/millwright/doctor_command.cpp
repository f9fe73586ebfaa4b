// doctor: runs the checks that apply and says what to do.
#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <memory>

#include "commands.h"
#include "doctor.h"
#include "hub_query.h"
#include "output.h"

namespace millwright::cli {
namespace {

struct DoctorRequest {
  std::string broker;
  std::string bundle;
  std::string identity;
  std::string state = ".";
};

Finding CheckBrokerAt(const std::string& address) {
  const size_t colon = address.rfind(':');
  int port = 1883;
  if (colon != std::string::npos) {
    const char* end = address.data() + address.size();
    const auto [stop, error] = std::from_chars(address.data() + colon + 1, end, port);
    if (error != std::errc() || stop != end || port < 1 || port > 65535)
      return {"broker", Health::kBad, "\"" + address + "\" is no address", "give it as HOST:PORT"};
  }
  return CheckBroker(address.substr(0, colon), port);
}

std::vector<Finding> RunChecks(const DoctorRequest& request, const Context& context) {
  std::vector<Finding> findings = {CheckPrograms(context.program_folder), CheckMosquitto(),
                                   CheckClock(), CheckPriority(), CheckDisk(request.state)};
  findings.push_back(request.broker.empty() ? Finding{"broker", Health::kSkipped, "not asked for",
                                                      "--broker HOST:PORT"}
                                            : CheckBrokerAt(request.broker));
  findings.push_back(CheckHub(context.hub, TrustOf(context)));
  findings.push_back(CheckHubCertificate(context.hub));
  findings.push_back(CheckTrust(context.hub, TrustOf(context)));
  findings.push_back(request.identity.empty() ? Finding{"identity", Health::kSkipped,
                                                        "not asked for", "--identity FOLDER"}
                                              : CheckIdentity(request.identity));
  findings.push_back(request.bundle.empty()
                         ? Finding{"model", Health::kSkipped, "not asked for", "--bundle FOLDER"}
                         : CheckBundle(request.bundle));
  return findings;
}

void PrintJson(const std::vector<Finding>& findings, bool ok) {
  std::vector<std::string> check, health, what, fix, skipped;
  for (const Finding& finding : findings) {
    check.push_back(finding.check);
    health.emplace_back(Name(finding.health));
    what.push_back(finding.what);
    fix.push_back(finding.fix);
    if (finding.health == Health::kSkipped) skipped.push_back(finding.check);
  }
  FlatJson json;
  json.Set("ok", ok).Set("check", check).Set("health", health).Set("what", what).Set("fix", fix);
  json.Set("not_measured", skipped).Print();
}

void PrintText(const std::vector<Finding>& findings, bool color) {
  for (const Finding& finding : findings) {
    const Tone tone = finding.health == Health::kGood        ? Tone::kGood
                      : finding.health == Health::kAttention ? Tone::kAttention
                      : finding.health == Health::kBad       ? Tone::kBad
                                                             : Tone::kFaint;
    std::string word(Name(finding.health));
    word.resize(8, ' ');
    std::printf("%s %-10s %s\n", Painted(word, tone, color).c_str(), finding.check.c_str(),
                finding.what.c_str());
    if (!finding.fix.empty()) std::printf("%20s-> %s\n", "", finding.fix.c_str());
  }
}

}  // namespace

void ConfigureDoctor(CLI::App& command, Context& context) {
  const auto request = std::make_shared<DoctorRequest>();
  command.add_option("--broker", request->broker, "Also check this broker, HOST:PORT");
  command.add_option("--bundle", request->bundle, "Also load this model bundle");
  command.add_option("--identity", request->identity, "Also look at this gateway's certificate");
  command.add_option("--state", request->state, "Folder whose disk is checked")
      ->capture_default_str();
  command.callback([&context, request] {
    const auto findings = RunChecks(*request, context);
    bool ok = true;
    for (const Finding& finding : findings) ok = ok && finding.health != Health::kBad;
    if (context.json) {
      PrintJson(findings, ok);
    } else {
      PrintText(findings, context.color);
    }
    context.exit_code = ok ? kOk : kFailure;
  });
}

}  // namespace millwright::cli
