#include "doctor.h"
#include "gateway_identity.h"
#include "os/clock.h"
#include "output.h"

namespace millwright::cli {

// By this machine's clock, which CheckClock looks at: the hub goes by its own.
Finding CheckIdentity(const std::string& folder) {
  os::RealFiles files;
  const auto identity = GatewayIdentity(files, folder).Read();
  if (!identity)
    return {"identity", Health::kBad, identity.error().what,
            "millwright enroll, with a token from the hub's side"};
  const crypto::Certificate& certificate = identity->certificate;
  Finding finding{
      "identity", Health::kGood,
      certificate.Name() + ", good until " + ShortUtc(certificate.Until() / kMillisecond), ""};
  const Nanos now = os::RealClock().Utc();
  const Nanos due = certificate.From() + (certificate.Until() - certificate.From()) / 3 * 2;
  if (now <= due) return finding;
  const bool over = now > certificate.Until();
  finding.health = over ? Health::kBad : Health::kAttention;
  finding.what += over ? ": that is over" : "; it should have been renewed by now";
  finding.fix = "millwright enroll --renew; does its timer run?";
  return finding;
}

}  // namespace millwright::cli
