#include "hub/defender/defender_link.h"

#include <optional>

#include "core/log.h"
#include "defender/metric.h"

namespace millwright::hub {
namespace {

constexpr size_t kTurnMax = 256;
constexpr size_t kInboxMax = 4096;
constexpr size_t kOutboxMax = 8192;
constexpr std::string_view kJsonTail = "/defender/metrics/json",
                           kCborTail = "/defender/metrics/cbor";

// The report of "<prefix>/<thing>/defender/metrics/{json,cbor}"; nothing for any other topic.
std::optional<IncomingReport> ReportOn(std::string_view topic, std::string_view prefix) {
  if (!topic.starts_with(prefix) || topic.size() <= prefix.size() || topic[prefix.size()] != '/' ||
      !(topic.ends_with(kJsonTail) || topic.ends_with(kCborTail)))
    return std::nullopt;
  const size_t begin = prefix.size() + 1;
  if (topic.size() <= begin + kJsonTail.size()) return std::nullopt;
  IncomingReport out;
  out.thing = topic.substr(begin, topic.size() - begin - kJsonTail.size());
  out.encoding = topic.ends_with(kCborTail) ? defender::Encoding::kCbor : defender::Encoding::kJson;
  if (!defender::IsThing(out.thing)) return std::nullopt;
  return out;
}

}  // namespace

DefenderLink::DefenderLink(mqtt::Client& client, Defender& defender, std::string prefix)
    : client_(client), defender_(defender), prefix_(std::move(prefix)) {}

Result<void> DefenderLink::Start() {
  for (const std::string_view tail : {kJsonTail, kCborTail})
    MW_TRY(client_.Subscribe(prefix_ + "/+" + std::string(tail), 1));
  return client_.Start(*this);
}

void DefenderLink::OnConnected(bool /*session_present*/) { connected_ = true; }

void DefenderLink::OnDisconnected(std::string_view reason) {
  connected_ = false;
  outbox_.clear();
  log::Warning("defender", "lost the broker", {{"reason", reason}});
}

void DefenderLink::OnMessage(const mqtt::Message& message) {
  if (inbox_.size() >= kInboxMax) {
    ++dropped_;
    return;
  }
  inbox_.push_back({.topic = std::string(message.topic),
                    .payload = {message.payload.begin(), message.payload.end()}});
}

void DefenderLink::Step(Nanos wait_max) {
  client_.Poll(outbox_.empty() ? wait_max : kMillisecond);
  for (size_t before = 0; inbox_.size() > before && inbox_.size() < kTurnMax;) {
    before = inbox_.size();
    client_.Poll(0);
  }
  if (!inbox_.empty()) Judge();
  SendAnswers();
  if (const auto done = defender_.Step(); !done) log::Failure("defender", done.error());
}

void DefenderLink::Judge() {
  std::vector<IncomingReport> reports;
  std::vector<const Letter*> letters;
  for (const Letter& letter : inbox_) {
    auto report = ReportOn(letter.topic, prefix_);
    if (!report) {
      ++dropped_;
      continue;
    }
    report->payload = letter.payload;
    reports.push_back(*report);
    letters.push_back(&letter);
  }
  auto answers = defender_.TakeReports(reports);
  if (!answers) log::Failure("defender", answers.error());
  for (size_t i = 0; answers && i < answers->size(); ++i) {
    if (outbox_.size() >= kOutboxMax) outbox_.pop_front();
    ReportAnswer& answer = (*answers)[i];
    outbox_.push_back({.topic = letters[i]->topic + (answer.accepted ? "/accepted" : "/rejected"),
                       .payload = std::move(answer.payload)});
  }
  inbox_.clear();
}

// QoS 0: an answer is a courtesy, the device's next report comes whether or not it heard it.
void DefenderLink::SendAnswers() {
  while (!outbox_.empty() &&
         client_.Publish(outbox_.front().topic, outbox_.front().payload, 0, false))
    outbox_.pop_front();
}

}  // namespace millwright::hub
