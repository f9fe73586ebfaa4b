#include "hub/retrain/loop.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "crypto/sha256.h"

namespace millwright::hub::retrain {
namespace {

namespace fs = std::filesystem;

constexpr const char* kData = "/data";
constexpr const char* kBundle = "/bundle";
constexpr const char* kReport = "/comparison.json";
constexpr size_t kReportBytesMax = 64 << 10;

void Replace(std::string& word, const std::string& name, const std::string& value) {
  for (size_t at = word.find(name); at != std::string::npos; at = word.find(name, at))
    word.replace(at, name.size(), value), at += value.size();
}

Result<std::string> ReadReport(const std::string& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) return Fail(Errc::kNotFound, "the comparison has left no report");
  if (size > kReportBytesMax) return Fail(Errc::kInvalid, "the comparison's report is too large");
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

// As gateways and releases name a bundle.
Result<std::string> DigestOfBundle(const std::string& folder) {
  return crypto::Sha256HexOfFile(folder + "/manifest.json");
}

// What the step under way writes, to begin anew without it.
std::string MadeBy(State state, const std::string& folder) {
  switch (state) {
    case State::kFreezing:
      return folder + kData;
    case State::kTraining:
      return folder + kBundle;
    case State::kComparing:
      return folder + kReport;
    default:
      return {};
  }
}

}  // namespace

std::string LogOf(const Options& options, const std::string& id) {
  return options.folder + "/" + id + "/log";
}

Result<std::string> HashOfFolder(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> names;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error))
    if (at->is_regular_file(error)) names.push_back(at->path().lexically_relative(folder).string());
  if (error) return Fail(Errc::kIo, folder + ": " + error.message());
  if (names.empty()) return Fail(Errc::kNotFound, folder + " holds no file");
  std::sort(names.begin(), names.end());
  crypto::Sha256 all;
  for (const std::string& name : names) {
    MW_TRY(const std::string content, crypto::Sha256HexOfFile(folder + "/" + name));
    all.Update(content + " " + name + "\n");
  }
  return all.TakeHex();
}

std::string Loop::FolderOf(const Retrain& job) const { return options_.folder + "/" + job.id; }

Result<void> Loop::Step() {
  MW_TRY(AskBySchedule());
  MW_TRY(auto job, retrains_.Next());
  if (!job || (program_ && job->id != of_)) program_.reset();
  if (!job) return {};
  if (!job->cancelled_by.empty()) {
    program_.reset();
    return End(*job, State::kCancelled, "taken back by " + job->cancelled_by);
  }
  return program_ ? Watch(std::move(*job)) : Begin(std::move(*job));
}

Result<void> Loop::AskBySchedule() {
  if (options_.every <= 0) return {};
  MW_TRY(const Nanos last, retrains_.LastAsked());
  if (clock_.Utc() - last < options_.every) return {};
  MW_TRY([[maybe_unused]] const Retrain asked,
         retrains_.Ask(kCauseSchedule, "hub", "the last retraining was asked for long ago"));
  return {};
}

Result<void> Loop::Watch(Retrain job) {
  if (const auto status = program_->Poll()) {
    program_.reset();
    return Ended(std::move(job), *status);
  }
  if (clock_.Monotonic() - started_ < options_.step_max) return {};
  program_.reset();
  const std::string step(Name(job.state));
  return End(std::move(job), State::kFailed, step + " took too long and was stopped");
}

Result<void> Loop::Begin(Retrain job) {
  if (job.state == State::kQueued) {
    job.state = State::kFreezing;
    job.code_version = options_.code_version;
    auto live = LiveBundle();
    auto parent = live ? DigestOfBundle(*live) : live;
    if (!parent) return End(std::move(job), State::kFailed, parent.error().what);
    job.parent = *parent;
  }
  if (++job.attempts > kAttemptsMax)
    return End(std::move(job), State::kFailed, "was cut off too often while it was under way");
  MW_TRY(retrains_.Save(job));
  switch (job.state) {
    case State::kFreezing:
      return Launch(std::move(job), options_.freeze);
    case State::kTraining:
      return Launch(std::move(job), options_.train);
    case State::kComparing:
      return Launch(std::move(job), options_.compare);
    default:
      return Release(std::move(job), false);
  }
}

Result<void> Loop::Launch(Retrain job, const Template& command) {
  const std::string folder = FolderOf(job);
  MW_TRY(const std::string live, LiveBundle());
  std::error_code error;
  if (const std::string made = MadeBy(job.state, folder); !made.empty())
    fs::remove_all(made, error);
  fs::create_directories(folder, error);
  if (error) return End(std::move(job), State::kFailed, folder + ": " + error.message());
  Template words = command;
  for (std::string& word : words) {
    Replace(word, "{job}", job.id);
    Replace(word, "{folder}", folder);
    Replace(word, "{data}", folder + kData);
    Replace(word, "{out}", folder + kBundle);
    Replace(word, "{report}", folder + kReport);
    Replace(word, "{live}", live);
  }
  auto program = Program::Start({.words = std::move(words),
                                 .log = LogOf(options_, job.id),
                                 .log_bytes_max = options_.log_bytes_max});
  if (!program) return End(std::move(job), State::kFailed, program.error().what);
  program_ = std::move(*program);
  of_ = job.id;
  started_ = clock_.Monotonic();
  return {};
}

Result<void> Loop::Ended(Retrain job, int status) {
  if (status != 0) {
    const std::string step(Name(job.state));
    return End(std::move(job), State::kFailed,
               step + " ended with status " + std::to_string(status) + "; its log says why");
  }
  if (job.state == State::kReleasing) return Release(std::move(job), true);
  const auto next = Harvest(job);
  if (!next) return End(std::move(job), State::kFailed, next.error().what);
  job.state = *next;
  job.attempts = 0;
  return retrains_.Save(job);
}

Result<State> Loop::Harvest(Retrain& job) {
  const std::string folder = FolderOf(job);
  if (job.state == State::kFreezing) {
    MW_TRY(job.data_sha256, HashOfFolder(folder + kData));
    return State::kTraining;
  }
  // Training or comparison on other data than those that were frozen would be nobody's lineage.
  MW_TRY(const std::string data, HashOfFolder(folder + kData));
  if (data != job.data_sha256)
    return Fail(Errc::kConflict, "the frozen data set has changed: it has the hash " + data);
  if (job.state == State::kTraining) {
    MW_TRY(job.bundle, DigestOfBundle(folder + kBundle));
    return State::kComparing;
  }
  return Decide(job);
}

Result<State> Loop::Decide(Retrain& job) {
  MW_TRY(const std::string bundle, DigestOfBundle(FolderOf(job) + kBundle));
  if (bundle != job.bundle)
    return Fail(Errc::kConflict, "the new bundle has changed since it was trained");
  MW_TRY(job.figures, ReadReport(FolderOf(job) + kReport));
  MW_TRY(const Figures figures, ReadFigures(job.figures));
  Judgement judged = Judge(figures);
  job.words = std::move(judged.words);
  if (!judged.promote) return State::kRefused;
  return options_.approval ? State::kWaiting : State::kReleasing;
}

// The release may be there already: a kill came between it and our knowing.
Result<void> Loop::Release(Retrain job, bool released) {
  // Rollouts start only once the live model is still the one that was compared with.
  auto live = LiveBundle();
  const auto parent = live ? DigestOfBundle(*live) : live;
  if (!parent || *parent != job.parent)
    return End(std::move(job), State::kFailed, "the live model is another one by now");
  const auto bundle = DigestOfBundle(FolderOf(job) + kBundle);
  if (!bundle || *bundle != job.bundle)
    return End(std::move(job), State::kFailed, "the new bundle has changed since it was compared");
  const auto rollout = promote_(job.bundle);
  if (rollout) {
    job.rollout = *rollout;
    return End(std::move(job), State::kPromoted, "rolled out as " + *rollout);
  }
  if (rollout.error().code != Errc::kNotFound || released)
    return End(std::move(job), State::kFailed, rollout.error().what);
  return Launch(std::move(job), options_.release);
}

Result<void> Loop::End(Retrain job, State state, std::string words) {
  job.state = state;
  job.words = job.words.empty() || state == State::kFailed || state == State::kCancelled
                  ? std::move(words)
                  : job.words + "; " + words;
  return retrains_.Save(job);
}

Result<std::string> Loop::LiveBundle() {
  MW_TRY(const auto promoted, retrains_.LastPromoted());
  return promoted.empty() ? options_.live : options_.folder + "/" + promoted + kBundle;
}

}  // namespace millwright::hub::retrain
