// What people decide about alarms: verdicts, shelving, questions to a colleague, and ranges of a
// machine's time. Every act is kept with who and when; taking one back is an act too.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/mutex.h"
#include "core/result.h"
#include "core/time.h"
#include "hub/labels/words.h"
#include "os/clock.h"
#include "store/database.h"

namespace millwright::hub {

struct AlarmRef {
  std::string device, key;
  bool operator==(const AlarmRef&) const = default;
  bool operator<(const AlarmRef& other) const {
    return std::tie(device, key) < std::tie(other.device, other.key);
  }
};

/// `id` is the asker's own, 8 to 64 of [A-Za-z0-9_.-]: an act that is sent again because its answer
/// was lost is recognised, and done once.
struct Act {
  std::string id, who;
};
struct VerdictAct {
  Act act;
  std::vector<AlarmRef> alarms;  // of one cause, judged at once
  /// kTruePositive with `fault`, kUnknown, or anything else with `reason`, which decides the state.
  VerificationState state = VerificationState::kUnknown;
  std::string fault{}, reason{}, note{};
};
struct ShelveAct {
  Act act;
  std::vector<AlarmRef> alarms;
  Nanos life = 0;  // 0: until the machine is repaired
  std::string reason{};
};
struct QuestionAct {
  Act act;
  std::vector<AlarmRef> alarms;
  std::string note{};
};
struct RangeAct {
  Act act;
  std::string site, asset;
  Nanos from = 0, to = 0;
  Rating rating = Rating::kNeutral;
  std::string fault{}, note{};
  std::string source = "range";  // or "work_order"
};

/// A machine was repaired or replaced between `from` and `to`.
struct ServiceAct {
  Act act;
  std::string site, asset;
  bool replaced = false;
  Nanos from = 0, to = 0;
  std::string note{};
};

/// What an act came to.
struct Acted {
  int64_t labels = 0;               // or shelvings, or questions
  bool known = false;               // it had been done before
  std::vector<AlarmRef> changed{};  // whose standing is another now
};

/// Thread-safe. An act that was answered is on disk.
class Labels {
 public:
  static constexpr size_t kAlarmsMax = 200;
  static constexpr size_t kNoteMax = 1000;
  static constexpr Nanos kShelveMax = 90 * 86'400 * kSecond;
  static constexpr Nanos kRangeMax = int64_t{366} * 86'400 * kSecond;

  /// Owns its connection; borrows the clock.
  Labels(std::unique_ptr<store::Database> database, os::Clock& clock)
      : database_(std::move(database)), clock_(clock) {}

  // kInvalid: what is wrong; kNotFound: which alarm or machine is none; kConflict: the act's id has
  // been used for something else.
  [[nodiscard]] Result<Acted> Judge(const VerdictAct& act);
  [[nodiscard]] Result<Acted> Shelve(const ShelveAct& act);
  [[nodiscard]] Result<Acted> Ask(const QuestionAct& act);
  [[nodiscard]] Result<Acted> Mark(const RangeAct& act);
  /// Closes the machine's open alarms, blanks the time between (a NEUTRAL label), and has its
  /// gateway learn anew what is normal; `changed` are the alarms. Cannot be taken back as a whole:
  /// Undo gives the label back, no more.
  [[nodiscard]] Result<Acted> Service(const ServiceAct& act);
  /// Only who did it may take it back: whoever sees it otherwise judges again.
  [[nodiscard]] Result<Acted> Undo(const std::string& id, const std::string& who);

  /// The plants that these alarms, or this act's labels, are of.
  [[nodiscard]] Result<std::vector<std::string>> SitesOf(const std::vector<AlarmRef>& alarms);
  [[nodiscard]] Result<std::vector<std::string>> SitesOfAct(const std::string& id);

 private:
  struct Subject;
  struct Doing {
    const Act& act;
    std::string_view kind;
    std::string content;  // all else that makes this act the same as one before
    Nanos now = 0;
    int64_t labels = 0;  // labels, shelvings or questions that it comes to
  };
  using Write = std::function<Result<void>(Acted& acted)>;
  // Does an act once, whole or not at all; `write` says whose standing is another now.
  [[nodiscard]] Result<Acted> Once(const Doing& doing, const Write& write);
  // Begins an act: `known` where it was done before.
  [[nodiscard]] Result<bool> Begin(const Doing& doing) MW_REQUIRES(mutex_);
  [[nodiscard]] Result<Subject> Find(const AlarmRef& alarm) MW_REQUIRES(mutex_);
  // The gateway of a machine. kNotFound.
  [[nodiscard]] Result<std::string> DeviceOf(const std::string& site, const std::string& asset)
      MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> AddLabel(const VerdictAct& act, const AlarmRef& alarm, int64_t number,
                                      Nanos now) MW_REQUIRES(mutex_);
  [[nodiscard]] Result<Nanos> NextServiceAt(const ServiceAct& act, Nanos now) MW_REQUIRES(mutex_);
  [[nodiscard]] Result<std::vector<AlarmRef>> CloseAlarms(const ServiceAct& act, Nanos now)
      MW_REQUIRES(mutex_);
  /// Works out an alarm's row in `judgements` anew.
  [[nodiscard]] Result<void> Restand(const AlarmRef& alarm) MW_REQUIRES(mutex_);

  Mutex mutex_;
  const std::unique_ptr<store::Database> database_;
  os::Clock& clock_;
};

}  // namespace millwright::hub
