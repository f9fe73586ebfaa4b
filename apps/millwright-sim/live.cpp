#include "live.h"

#include <algorithm>

#include "commands.h"
#include "core/log.h"
#include "os/process.h"
#include "truth.h"

namespace millwright::sim {
namespace {

constexpr Nanos kLookUp = 20 * kMillisecond;  // commands and signals are seen this often
constexpr Nanos kDrainMax = 2 * kSecond;
constexpr Nanos kBehindMax = 10 * kSecond;  // a machine that slept longer does not catch up

class Live {
 public:
  Live(machines::Plant& plant, mqtt::Client& client, os::Clock& clock, JsonLines& truth,
       JsonLines& published, const LiveOptions& options)
      : plant_(plant),
        client_(client),
        clock_(clock),
        truth_(truth),
        options_(options),
        publisher_(plant, client, clock, published),
        commands_(options.command_fd) {}

  Result<PublishCounts> Run() {
    MW_TRY(client_.Start(publisher_));
    // The plant counts in UTC, waits are measured on the monotonic clock: a clock that is set does
    // not disturb the pace.
    const Nanos to_monotonic = clock_.Monotonic() - clock_.Utc();
    const Nanos began = clock_.Monotonic();
    while (!stop_) {
      if (options_.seconds > 0 && Seconds(clock_.Monotonic() - began) >= options_.seconds) break;
      const Nanos wait = plant_.NextDue() + to_monotonic - clock_.Monotonic();
      if (wait > 0) {
        client_.Poll(std::min(wait, kLookUp));
        LookUp();
        continue;
      }
      Emit(-wait);
    }
    Drain();
    return publisher_.counts();
  }

 private:
  void Emit(Nanos behind) {
    const std::optional<machines::Emission> emission = plant_.Next();
    WriteTruth(plant_, truth_);
    if (emission && behind < kBehindMax) publisher_.Publish(*emission);
    client_.Poll(0);
    if (++emissions_ % 64 == 0) LookUp();  // also where there is never time to wait
  }

  void LookUp() {
    if (options_.stop_fd >= 0 && os::TakeSignal(options_.stop_fd) != 0) stop_ = true;
    std::string line;
    while (!stop_ && commands_.TakeLine(line)) {
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      const Result<bool> done = RunCommand(line, plant_);
      WriteTruth(plant_, truth_);
      if (!done) log::Failure("sim", done.error(), {{"line", line}});
      if (done && *done) stop_ = true;
    }
    if (commands_.ended() && options_.until_end_of_input) stop_ = true;
  }

  void Drain() {
    const Nanos until = clock_.Monotonic() + kDrainMax;
    while (client_.connected() && client_.unacked() > 0 && clock_.Monotonic() < until)
      client_.Poll(kLookUp);
    client_.Stop();
  }

  machines::Plant& plant_;
  mqtt::Client& client_;
  os::Clock& clock_;
  JsonLines& truth_;
  const LiveOptions& options_;
  Publisher publisher_;
  CommandInput commands_;
  uint64_t emissions_ = 0;
  bool stop_ = false;
};

}  // namespace

Result<PublishCounts> RunLive(machines::Plant& plant, mqtt::Client& client, os::Clock& clock,
                              JsonLines& truth, JsonLines& published, const LiveOptions& options) {
  return Live(plant, client, clock, truth, published, options).Run();
}

}  // namespace millwright::sim
