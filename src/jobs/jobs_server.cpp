#include "jobs/jobs_server.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "jobs/details.h"
#include "jobs/topics.h"

namespace millwright::jobs {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr size_t kNotifiedMax = 15;  // executions in one list
constexpr int64_t kStepMinutesMax = 10080;
constexpr size_t kToldMax = 200'000;  // things remembered between notifications

int64_t Seconds(Nanos time) { return time / kSecond; }

ordered_json Brief(const Execution& e) {
  ordered_json out = {{"jobId", e.job_id},
                      {"queuedAt", Seconds(e.queued_at)},
                      {"lastUpdatedAt", Seconds(e.updated_at)}};
  if (e.started_at != 0) out["startedAt"] = Seconds(e.started_at);
  out["executionNumber"] = e.number;
  out["versionNumber"] = e.version;
  return out;
}

ordered_json Full(const Execution& e, std::string_view thing, bool with_document) {
  ordered_json out = {{"jobId", e.job_id}, {"thingName", thing}, {"status", Name(e.status)}};
  if (!e.details.empty()) out["statusDetails"] = e.details;
  out["queuedAt"] = Seconds(e.queued_at);
  if (e.started_at != 0) out["startedAt"] = Seconds(e.started_at);
  out["lastUpdatedAt"] = Seconds(e.updated_at);
  out["versionNumber"] = e.version;
  out["executionNumber"] = e.number;
  if (with_document) out["jobDocument"] = ordered_json::parse(e.document, nullptr, false);
  return out;
}

ordered_json StateOf(const Execution& e) {
  ordered_json out = {{"status", Name(e.status)}};
  if (!e.details.empty()) out["statusDetails"] = e.details;
  out["versionNumber"] = e.version;
  return out;
}

struct Refusal {
  const char* code;
  std::string message;
};

template <typename T>
using Wanted = tl::expected<T, Refusal>;

tl::unexpected<Refusal> Refuse(const char* code, std::string message) {
  return tl::unexpected(Refusal{code, std::move(message)});
}

// An optional member of the right type, or `otherwise`.
template <typename T>
Wanted<T> Member(const json& body, const char* key, T otherwise) {
  const auto found = body.find(key);
  if (found == body.end() || found->is_null()) return otherwise;
  bool fits = false;
  if constexpr (std::is_same_v<T, bool>) fits = found->is_boolean();
  if constexpr (std::is_same_v<T, int64_t>) {
    // Some clients send numbers as strings; AWS takes both.
    if (found->is_string()) {
      const std::string text = *found;
      const json number = json::parse(text, nullptr, false);
      if (number.is_number_integer()) return number.get<int64_t>();
    }
    fits = found->is_number_integer();
  }
  if constexpr (std::is_same_v<T, std::string>) fits = found->is_string();
  if (!fits) return Refuse("InvalidRequest", std::string(key) + " has the wrong type");
  return found->get<T>();
}

Wanted<Details> ReadDetails(const json& body) {
  const auto found = body.find("statusDetails");
  if (found == body.end() || found->is_null()) return Details{};
  if (!found->is_object()) return Refuse("InvalidRequest", "statusDetails is not an object");
  Details details;
  for (const auto& [key, value] : found->items()) {
    if (!value.is_string())
      return Refuse("InvalidRequest", "statusDetails: \"" + key.substr(0, 40) + "\" is no text");
    details[key] = value;
  }
  if (const auto fits = CheckDetails(details); !fits)
    return Refuse("InvalidRequest", fits.error().what);
  return details;
}

Wanted<Nanos> ReadStepTimeout(const json& body, Nanos now, Nanos before) {
  const Wanted<int64_t> minutes = Member<int64_t>(body, "stepTimeoutInMinutes", 0);
  if (!minutes) return tl::unexpected(minutes.error());
  if (*minutes == 0) return before;
  if (*minutes == -1) return Nanos{0};
  if (*minutes < 1 || *minutes > kStepMinutesMax)
    return Refuse("InvalidRequest", "stepTimeoutInMinutes is not 1 to 10080");
  return now + *minutes * 60 * kSecond;
}

}  // namespace

/// One request on its way to its answer.
class JobsServer::Request {
 public:
  Request(const JobsServer& server, const JobsAddress& address, std::string_view topic,
          std::span<const std::byte> payload)
      : server_(server), thing(address.thing), job_id(address.job_id), topic_(topic) {
    const auto* text = reinterpret_cast<const char*>(payload.data());
    readable = payload.size() <= kPayloadBytesMax;
    if (readable && !payload.empty())
      body = json::parse(text, text + payload.size(), nullptr, false);
    readable = readable && body.is_object();
    if (!readable) {
      body = json::object();
    } else if (const auto token = body.find("clientToken"); token != body.end()) {
      odd_token = !token->is_string() || !IsClientToken(token->get_ref<const std::string&>());
      if (!odd_token) token_ = *token;
    }
  }

  void Accept(ordered_json answer) { Send("/accepted", std::move(answer)); }
  void Reject(const char* code, const std::string& message, ordered_json state = nullptr) {
    ordered_json answer = {{"code", code}, {"message", message}};
    if (!state.is_null()) answer["executionState"] = std::move(state);
    Send("/rejected", std::move(answer));
  }
  void Reject(const Refusal& refusal) { Reject(refusal.code, refusal.message); }
  void Reject(const Error& error) { Reject("InternalError", error.what); }

 private:
  void Send(const char* suffix, ordered_json answer) {
    if (!token_.empty()) answer["clientToken"] = token_;
    answer["timestamp"] = Seconds(server_.clock_.Utc());
    server_.publish_(topic_ + suffix,
                     answer.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
  }

  const JobsServer& server_;

 public:
  const std::string thing, job_id;
  json body = json::object();
  bool readable = true;
  bool odd_token = false;

 private:
  const std::string topic_;
  std::string token_;
};

JobsServer::JobsServer(JobStore& store, os::Clock& clock, std::string prefix, Publish publish)
    : store_(store), clock_(clock), prefix_(std::move(prefix)), publish_(std::move(publish)) {}

std::vector<std::string> JobsServer::Filters() const {
  return {prefix_ + "/+/jobs/get", prefix_ + "/+/jobs/start-next", prefix_ + "/+/jobs/+/get",
          prefix_ + "/+/jobs/+/update"};
}

bool JobsServer::OnMessage(std::string_view topic, std::span<const std::byte> payload) {
  const auto address = ParseJobsTopic(prefix_, topic);
  if (!address) return false;
  Request request(*this, *address, topic, payload);
  if (!request.readable) {
    request.Reject("InvalidJson", "the payload is no JSON object");
  } else if (request.odd_token) {
    request.Reject("InvalidRequest", "clientToken is not 1 to 64 letters, digits, '_', '-'");
  } else if (address->verb == "start-next") {
    StartNext(request);
  } else if (address->verb == "update") {
    Update(request);
  } else if (address->job_id.empty()) {
    List(request);
  } else {
    Describe(request);
  }
  return true;
}

void JobsServer::List(Request& request) {
  const auto pending = store_.Pending(request.thing);
  if (!pending) return request.Reject(pending.error());
  ordered_json answer = {{"inProgressJobs", ordered_json::array()},
                         {"queuedJobs", ordered_json::array()}};
  for (const Execution& e : *pending)
    answer[e.status == Status::kQueued ? "queuedJobs" : "inProgressJobs"].push_back(Brief(e));
  request.Accept(std::move(answer));
}

void JobsServer::StartNext(Request& request) {
  const Wanted<Details> details = ReadDetails(request.body);
  if (!details) return request.Reject(details.error());
  const auto pending = store_.Pending(request.thing);
  if (!pending) return request.Reject(pending.error());
  if (pending->empty()) return request.Accept(ordered_json::object());
  Execution e = pending->front();
  const Nanos now = clock_.Utc();
  const Wanted<Nanos> deadline = ReadStepTimeout(request.body, now, e.step_deadline);
  if (!deadline) return request.Reject(deadline.error());
  if (e.status == Status::kQueued) {
    e.status = Status::kInProgress;
    e.started_at = e.updated_at = now;
    ++e.version;
    if (!details->empty()) e.details = *details;
    e.step_deadline = *deadline;
    if (const auto saved = store_.Save(request.thing, e); !saved)
      return request.Reject(saved.error());
  }
  request.Accept({{"execution", Full(e, request.thing, true)}});
  OnJobsChanged(request.thing);
}

Result<std::optional<Execution>> JobsServer::Resolve(std::string_view thing,
                                                     std::string_view job_id) {
  if (job_id != "$next") return store_.Find(thing, job_id);
  MW_TRY(const std::vector<Execution> pending, store_.Pending(thing));
  if (pending.empty()) return std::optional<Execution>();
  return std::optional<Execution>(pending.front());
}

void JobsServer::Describe(Request& request) {
  const Wanted<bool> with_document = Member(request.body, "includeJobDocument", true);
  if (!with_document) return request.Reject(with_document.error());
  const auto found = Resolve(request.thing, request.job_id);
  if (!found) return request.Reject(found.error());
  if (!*found && request.job_id == "$next") return request.Accept(ordered_json::object());
  if (!*found) return request.Reject("ResourceNotFound", "no job " + request.job_id);
  if (IsTerminal((*found)->status))
    return request.Reject("TerminalStateReached", "the job has ended");
  request.Accept({{"execution", Full(**found, request.thing, *with_document)}});
}

void JobsServer::Update(Request& request) {
  const auto found = Resolve(request.thing, request.job_id);
  if (!found) return request.Reject(found.error());
  if (!*found) return request.Reject("ResourceNotFound", "no job " + request.job_id);
  Execution e = **found;
  const Wanted<std::string> wanted = Member<std::string>(request.body, "status", "");
  const Wanted<int64_t> expected = Member<int64_t>(request.body, "expectedVersion", 0);
  const Wanted<bool> with_state = Member(request.body, "includeJobExecutionState", false);
  const Wanted<bool> with_document = Member(request.body, "includeJobDocument", false);
  const Wanted<Details> details = ReadDetails(request.body);
  const Nanos now = clock_.Utc();
  const Wanted<Nanos> deadline = ReadStepTimeout(request.body, now, e.step_deadline);
  for (const Refusal* refusal :
       {wanted ? nullptr : &wanted.error(), expected ? nullptr : &expected.error(),
        with_state ? nullptr : &with_state.error(),
        with_document ? nullptr : &with_document.error(), details ? nullptr : &details.error(),
        deadline ? nullptr : &deadline.error()})
    if (refusal != nullptr) return request.Reject(*refusal);
  const auto status = StatusByName(*wanted);
  if (!status) return request.Reject("InvalidRequest", "status \"" + wanted->substr(0, 40) + "\"");
  if (*expected != 0 && *expected != e.version)
    return request.Reject("VersionMismatch", "the job's version is " + std::to_string(e.version),
                          StateOf(e));
  if (e.status == Status::kCanceled && *status == Status::kSucceeded) {
    Execution late = e;
    late.status = *status;
    late.details = *details;
    late.updated_at = now;
    ++late.version;
    if (const auto noted = store_.NoteLate(request.thing, late); !noted)
      return request.Reject(noted.error());
  }
  if (!DeviceMayMove(e.status, *status))
    return request.Reject(
        "InvalidStateTransition",
        std::string(Name(e.status)) + " does not become " + std::string(Name(*status)), StateOf(e));
  if (e.started_at == 0 && *status == Status::kInProgress) e.started_at = now;
  e.status = *status;
  e.updated_at = now;
  ++e.version;
  if (!details->empty()) e.details = *details;
  e.step_deadline = IsTerminal(e.status) ? 0 : *deadline;
  if (const auto saved = store_.Save(request.thing, e); !saved)
    return request.Reject(saved.error());
  ordered_json answer = ordered_json::object();
  if (*with_state) answer["executionState"] = StateOf(e);
  if (*with_document) answer["jobDocument"] = ordered_json::parse(e.document, nullptr, false);
  request.Accept(std::move(answer));
  OnJobsChanged(request.thing);
}

void JobsServer::Notify(std::string_view thing, std::string_view kind, const std::string& what) {
  // `what` is an object's text without its opening brace.
  publish_(
      JobsTopic(prefix_, thing, kind),
      "{\"timestamp\":" + std::to_string(Seconds(clock_.Utc())) + (what == "}" ? "" : ",") + what);
}

void JobsServer::OnJobsChanged(std::string_view thing) {
  const auto pending = store_.Pending(thing);
  if (!pending) return;  // the next change tells it
  ordered_json jobs = ordered_json::object();
  for (size_t i = 0; i < std::min(pending->size(), kNotifiedMax); ++i)
    jobs[std::string(Name((*pending)[i].status))].push_back(Brief((*pending)[i]));
  ordered_json next = ordered_json::object();
  if (!pending->empty()) next["execution"] = Full(pending->front(), thing, true);
  if (told_.size() > kToldMax) told_.clear();  // tells some again, which does no harm
  Told& told = told_[std::string(thing)];
  const auto text = [](const ordered_json& j) {
    return j.dump(-1, ' ', false, ordered_json::error_handler_t::replace).substr(1);
  };
  // The list counts as changed when jobs come and go, not with every step of one.
  std::string ids;
  for (const Execution& e : *pending) ids += e.job_id + " ";
  if (ids != std::exchange(told.list, ids)) Notify(thing, "notify", text({{"jobs", jobs}}));
  const std::string first = pending->empty() ? "" : pending->front().job_id;
  if (first != std::exchange(told.next, first)) Notify(thing, "notify-next", text(next));
}

void JobsServer::Remind(std::string_view thing) {
  if (const auto told = told_.find(thing); told != told_.end()) told_.erase(told);
  OnJobsChanged(thing);
}

void JobsServer::Tick() {
  const Nanos now = clock_.Utc();
  const auto things = store_.Overdue(now);
  if (!things) return;
  for (const std::string& thing : *things) {
    const auto pending = store_.Pending(thing);
    if (!pending) continue;
    for (Execution e : *pending) {
      if (e.step_deadline == 0 || e.step_deadline > now) continue;
      e.status = Status::kTimedOut;
      e.step_deadline = 0;
      e.updated_at = now;
      ++e.version;
      if (!store_.Save(thing, e)) break;
    }
    OnJobsChanged(thing);
  }
}

}  // namespace millwright::jobs
