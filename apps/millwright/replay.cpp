#include "replay.h"

#include <algorithm>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "os/files.h"
#include "wire/reading.h"
#include "wire/sample_block.h"
#include "wire/topics.h"

namespace millwright::cli {
namespace {

constexpr Nanos kPollMax = 5 * kMillisecond;
constexpr Nanos kProgressPeriod = 500 * kMillisecond;

// One machine: its recordings in order of their start, the next item, and what is sent and not yet
// decided on.
class Machine {
 public:
  Machine(const SiteId& site, const Track& track)
      : site_(site), area_(track.area), asset_(track.asset) {}

  void Add(Track track) { tracks_.push_back(std::move(track.info)); }
  void Sort() {
    std::stable_sort(tracks_.begin(), tracks_.end(),
                     [](const auto& a, const auto& b) { return a.start_ns < b.start_ns; });
  }
  [[nodiscard]] std::string DecisionTopic() const {
    return wire::DecisionTopic(site_, area_, asset_);
  }

  // Fetches the next item; afterwards has_item() is false only at the end of the last recording.
  [[nodiscard]] Result<void> Advance() {
    has_item_ = false;
    while (index_ < tracks_.size()) {
      if (reader_ == nullptr) {
        MW_TRY(reader_, recording::Reader::Open(tracks_[index_]));
      }
      MW_TRY(has_item_, reader_->Next(item_));
      if (has_item_) return {};
      played_ = position_;
      reader_.reset();
      ++index_;
    }
    return {};
  }

  [[nodiscard]] bool has_item() const { return has_item_; }
  // When the item is due, from the start of the replay; recordings follow each other without their
  // pauses.
  [[nodiscard]] Nanos due() const {
    return played_ + std::max<Nanos>(0, item_.due_ns - tracks_[index_].start_ns);
  }
  [[nodiscard]] size_t recordings_done() const { return index_; }
  [[nodiscard]] size_t outstanding() const { return sent_.size(); }

  [[nodiscard]] std::string Topic() const {
    const auto& channels = tracks_[index_].channels;
    return wire::ReadingTopic(site_, area_, asset_,
                              ChannelId(channels[static_cast<size_t>(item_.channel)].name));
  }

  void Encode(Nanos now, std::string& out) {
    const uint64_t seq = next_seq_[item_.channel] + 1;
    if (item_.is_block) {
      wire::EncodeSampleBlock({item_.ts_ns, item_.rate_hz, seq, now}, item_.samples, out);
    } else {
      wire::EncodeReading({item_.ts_ns, static_cast<double>(item_.value), seq, now}, out);
    }
  }

  void Sent() {
    ++next_seq_[item_.channel];
    sent_.push_back(item_.due_ns);
    position_ = due();
  }
  void DecidedUpTo(Nanos step_end) {
    while (!sent_.empty() && sent_.front() <= step_end) sent_.pop_front();
  }
  void Forgive() { sent_.clear(); }

 private:
  SiteId site_;
  AreaId area_;
  AssetId asset_;
  std::vector<recording::RecordingInfo> tracks_;
  size_t index_ = 0;
  std::unique_ptr<recording::Reader> reader_;
  recording::Item item_;
  bool has_item_ = false;
  Nanos played_ = 0;    // length of the recordings before this one
  Nanos position_ = 0;  // of the last item sent
  std::map<int, uint64_t> next_seq_;
  std::deque<Nanos> sent_;
};

class Player : public mqtt::Listener {
 public:
  Player(mqtt::Client& client, os::Clock& clock, const ReplayOptions& options,
         const ReplayHooks& hooks)
      : client_(client), clock_(clock), options_(options), hooks_(hooks) {}

  [[nodiscard]] Result<ReplayFigures> Run(std::vector<Track> tracks) {
    figures_.recordings = tracks.size();
    MW_TRY(Prepare(std::move(tracks)));
    MW_TRY(client_.Subscribe("mw/" + options_.site.value() + "/+/+/decision", 1));
    MW_TRY(client_.Start(*this));
    started_ = moved_ = clock_.Monotonic();
    const auto played = Play();
    if (played) Settle();
    figures_.wall_s = Seconds(clock_.Monotonic() - started_);
    figures_.recorded_s = Seconds(position_);
    client_.Stop();
    MW_TRY(played);
    return figures_;
  }

  void OnPublished(int) override { ++figures_.messages; }

  void OnMessage(const mqtt::Message& message) override {
    if (message.retain) return;  // from before this replay
    const auto found = machines_.find(std::string(message.topic));
    if (found == machines_.end()) return;
    const auto decision = nlohmann::json::parse(os::AsText(message.payload), nullptr, false);
    if (!decision.is_object() || decision.value("heartbeat", false)) return;
    const auto step_end = decision.find("step_end");
    if (step_end == decision.end() || !step_end->is_number_integer()) return;
    found->second.DecidedUpTo(step_end->get<Nanos>());
    moved_ = clock_.Monotonic();
    const auto score = decision.find("score");
    const auto level = decision.find("level");
    if (score == decision.end() || !score->is_number()) return;
    ++figures_.decisions;
    if (!hooks_.on_decision) return;
    const bool alarm = level != decision.end() && level->is_string() &&
                       level->get_ref<const std::string&>() != "none";
    const auto asset = decision.find("asset");
    const std::string name =
        asset != decision.end() && asset->is_string() ? asset->get<std::string>() : "";
    hooks_.on_decision({name, step_end->get<Nanos>(), score->get<double>(), alarm});
  }

 private:
  [[nodiscard]] Result<void> Prepare(std::vector<Track> tracks) {
    for (Track& track : tracks) {
      const std::string topic = wire::DecisionTopic(options_.site, track.area, track.asset);
      machines_.try_emplace(topic, options_.site, track).first->second.Add(std::move(track));
    }
    for (auto& [topic, machine] : machines_) {
      machine.Sort();
      MW_TRY(machine.Advance());
    }
    return {};
  }

  [[nodiscard]] Machine* Earliest() {
    Machine* earliest = nullptr;
    for (auto& [topic, machine] : machines_) {
      if (machine.has_item() && (earliest == nullptr || machine.due() < earliest->due()))
        earliest = &machine;
    }
    return earliest;
  }

  [[nodiscard]] Result<void> Play() {
    while (Machine* machine = Earliest()) {
      MW_TRY(WaitForTurn(*machine));
      MW_TRY(Send(*machine));
      position_ = machine->due();
      machine->Sent();
      MW_TRY(machine->Advance());
      client_.Poll(0);
      Tell(false);
    }
    return {};
  }

  [[nodiscard]] size_t Outstanding() const {
    size_t sum = 0;
    for (const auto& [topic, machine] : machines_) sum += machine.outstanding();
    return sum;
  }

  // Until the item is due (in step with the clock) and few enough messages wait for a decision.
  [[nodiscard]] Result<void> WaitForTurn(const Machine& machine) {
    if (options_.real_time) {
      for (Nanos left; (left = started_ + machine.due() - clock_.Monotonic()) > 0;) {
        client_.Poll(std::min(left, kPollMax));
        Tell(false);
      }
      return {};
    }
    while (Outstanding() >= options_.outstanding) {
      client_.Poll(kPollMax);
      Tell(false);
      if (clock_.Monotonic() - moved_ < options_.patience || client_.unacked() > 0) continue;
      for (auto& [topic, waiting] : machines_) waiting.Forgive();
      moved_ = clock_.Monotonic();
      ++figures_.waited_out;
    }
    return {};
  }

  [[nodiscard]] Result<void> Send(Machine& machine) {
    const std::string topic = machine.Topic();
    const Nanos until = clock_.Monotonic() + options_.connect_max;
    for (;;) {
      machine.Encode(clock_.Utc(), payload_);
      const auto sent = client_.Publish(topic, os::AsBytes(payload_), options_.qos, false);
      if (sent) return {};
      if (sent.error().code == Errc::kInvalid) return tl::unexpected(sent.error());
      if (clock_.Monotonic() >= until)
        return Fail(Errc::kUnavailable, "replay: the broker is away: " + sent.error().what);
      client_.Poll(kPollMax);
    }
  }

  // The last messages reach the broker, the last decisions come back.
  void Settle() {
    const Nanos until = clock_.Monotonic() + options_.connect_max;
    moved_ = clock_.Monotonic();
    while (clock_.Monotonic() < until) {
      client_.Poll(kPollMax);
      const bool quiet = clock_.Monotonic() - moved_ > 5 * options_.patience;
      if (client_.unacked() == 0 && (quiet || Outstanding() == 0)) break;
    }
    Tell(true);
  }

  void Tell(bool last) {
    const Nanos now = clock_.Monotonic();
    if (!hooks_.on_progress || (!last && now - told_ < kProgressPeriod)) return;
    told_ = now;
    figures_.wall_s = Seconds(now - started_);
    figures_.recorded_s = Seconds(position_);
    size_t done = 0;
    for (const auto& [topic, machine] : machines_) done += machine.recordings_done();
    hooks_.on_progress(
        last ? 1.0 : static_cast<double>(done) / static_cast<double>(figures_.recordings),
        figures_);
  }

  mqtt::Client& client_;
  os::Clock& clock_;
  const ReplayOptions& options_;
  const ReplayHooks& hooks_;
  std::map<std::string, Machine> machines_;  // by decision topic
  ReplayFigures figures_;
  std::string payload_;
  Nanos started_ = 0;
  Nanos moved_ = 0;  // when the last decision came
  Nanos told_ = 0;
  Nanos position_ = 0;
};

}  // namespace

Result<ReplayFigures> Replay(mqtt::Client& client, os::Clock& clock, const ReplayOptions& options,
                             std::vector<Track> tracks, const ReplayHooks& hooks) {
  if (tracks.empty()) return Fail(Errc::kNotFound, "replay: no recording to play");
  Player player(client, clock, options, hooks);
  return player.Run(std::move(tracks));
}

}  // namespace millwright::cli
