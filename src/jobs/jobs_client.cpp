#include "jobs/jobs_client.h"

#include <nlohmann/json.hpp>

#include "jobs/details.h"
#include "jobs/topics.h"

namespace millwright::jobs {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr Nanos kPatience = 10 * kSecond;

json Parse(std::span<const std::byte> payload) {
  const auto* text = reinterpret_cast<const char*>(payload.data());
  json message = payload.size() > kPayloadBytesMax
                     ? json()
                     : json::parse(text, text + payload.size(), nullptr, false);
  return message.is_object() ? message : json::object();
}

template <typename T>
T Get(const json& object, const char* key, T otherwise) {
  const auto found = object.find(key);
  if (found == object.end()) return otherwise;
  if constexpr (std::is_same_v<T, std::string>)
    return found->is_string() ? found->get<std::string>() : otherwise;
  else
    return found->is_number_integer() ? found->get<T>() : otherwise;
}

// Nothing where it is no execution.
std::optional<Job> ReadJob(const json& execution) {
  if (!execution.is_object()) return std::nullopt;
  Job job{.id = Get<std::string>(execution, "jobId", "")};
  const auto status = StatusByName(Get<std::string>(execution, "status", ""));
  const auto document = execution.find("jobDocument");
  if (!IsId(job.id) || !status || IsTerminal(*status) || document == execution.end())
    return std::nullopt;
  job.status = *status;
  job.version = Get<int64_t>(execution, "versionNumber", 0);
  job.document = document->dump(-1, ' ', false, json::error_handler_t::replace);
  if (const auto details = execution.find("statusDetails");
      details != execution.end() && details->is_object())
    for (const auto& [key, value] : details->items())
      if (value.is_string()) job.details[key] = value;
  return job;
}

}  // namespace

JobsClient::JobsClient(std::string prefix, std::string thing, os::Clock& clock, Publish publish,
                       OnNext on_next)
    : prefix_(std::move(prefix)),
      thing_(std::move(thing)),
      clock_(clock),
      publish_(std::move(publish)),
      on_next_(std::move(on_next)) {}

std::string JobsClient::Topic(std::string_view rest) const {
  return JobsTopic(prefix_, thing_, rest);
}

std::vector<std::string> JobsClient::Filters() const {
  return {Topic("notify-next"), Topic("$next/get/accepted"), Topic("$next/get/rejected"),
          Topic("+/update/accepted"), Topic("+/update/rejected")};
}

void JobsClient::OnConnected() {
  Ask();
  if (pending_) Send();
}

void JobsClient::Ask() {
  asked_ = true;
  sent_at_ = clock_.Monotonic();
  (void)publish_(Topic("$next/get"), "{\"clientToken\":\"next\"}");
}

bool JobsClient::OnMessage(std::string_view topic, std::span<const std::byte> payload) {
  const std::string base = Topic("");
  if (!topic.starts_with(base)) return false;
  const std::string_view rest = topic.substr(base.size());
  if (rest == "notify-next" || rest == "$next/get/accepted") {
    TakeNext(payload);
  } else if (rest.ends_with("/update/accepted")) {
    TakeAnswer(true, payload);
  } else if (rest.ends_with("/update/rejected")) {
    TakeAnswer(false, payload);
  } else {
    return rest == "$next/get/rejected";  // Tick asks again
  }
  return true;
}

void JobsClient::TakeNext(std::span<const std::byte> payload) {
  asked_ = false;
  const json message = Parse(payload);
  const auto execution = message.find("execution");
  Become(execution == message.end() ? std::nullopt : ReadJob(*execution));
}

void JobsClient::Become(std::optional<Job> job) {
  const bool same = job.has_value() == job_.has_value() && (!job || job->id == job_->id);
  // What we reported and the service has not seen yet is not undone by what it still believes.
  if (same && job) job_->version = std::max(job_->version, job->version);
  if (same) return;
  if (pending_ && job_ && pending_->job_id == job_->id) pending_.reset();  // ended without us
  job_ = std::move(job);
  on_next_(job_);
}

void JobsClient::Report(Status status, Details details) {
  if (!job_) return;
  pending_ = PendingReport{.job_id = job_->id,
                           .status = status,
                           .details = FitDetails(std::move(details)),
                           .token = "r" + std::to_string(++tokens_)};
  Send();
}

void JobsClient::Send() {
  ordered_json body = {{"status", Name(pending_->status)},
                       {"statusDetails", pending_->details},
                       {"includeJobExecutionState", true},
                       {"clientToken", pending_->token}};
  sent_at_ = clock_.Monotonic();
  (void)publish_(Topic(pending_->job_id + "/update"),
                 body.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
}

void JobsClient::TakeAnswer(bool accepted, std::span<const std::byte> payload) {
  const json message = Parse(payload);
  if (!pending_ || Get<std::string>(message, "clientToken", "") != pending_->token) return;
  const PendingReport report = *pending_;
  const std::string code = Get<std::string>(message, "code", "");
  // A report that was accepted before, its answer lost: it cannot move to where it is.
  const bool over = accepted || code == "InvalidStateTransition" || code == "ResourceNotFound" ||
                    code == "InvalidRequest" || code == "TerminalStateReached";
  if (!over) return;  // throttled, internal: Tick sends it again
  pending_.reset();
  if (!job_ || job_->id != report.job_id) return;
  job_->status = report.status;
  const bool ended = accepted ? IsTerminal(report.status) : true;
  if (!ended) return;
  Become(std::nullopt);
  Ask();
}

void JobsClient::Tick() {
  if (clock_.Monotonic() - sent_at_ < kPatience) return;
  if (pending_) {
    Send();
  } else if (asked_) {
    Ask();
  }
}

}  // namespace millwright::jobs
