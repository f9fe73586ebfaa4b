#include "slots/state.h"

#include <nlohmann/json.hpp>

#include "crypto/sha256.h"

namespace millwright::slots {
namespace {

using nlohmann::ordered_json;

constexpr int kFormat = 1;
constexpr size_t kStateBytesMax = size_t{256} << 10;
constexpr std::string_view kHashMark = "\nsha256 ";

ordered_json ToJson(const BundleRef& b) {
  return {{"digest", b.digest},           {"name", b.name},
          {"version", b.version},         {"release", b.release},
          {"pack_sha256", b.pack_sha256}, {"pack_bytes", b.pack_bytes}};
}

ordered_json ToJson(const std::optional<BundleRef>& b) {
  return b ? ToJson(*b) : ordered_json(nullptr);
}

BundleRef ReadBundle(const ordered_json& j) {
  return {.digest = j.at("digest"),
          .name = j.at("name"),
          .version = j.at("version"),
          .release = j.at("release"),
          .pack_sha256 = j.at("pack_sha256"),
          .pack_bytes = j.at("pack_bytes")};
}

std::optional<BundleRef> ReadOptional(const ordered_json& j) {
  if (j.is_null()) return std::nullopt;
  return ReadBundle(j);
}

Phase ReadPhase(const ordered_json& j) {
  const auto phase = PhaseByName(j.get<std::string>());
  if (!phase) throw std::out_of_range("unknown phase");
  return *phase;
}

State FromJson(const ordered_json& j) {
  if (j.at("format") != kFormat) throw std::out_of_range("another format");
  State s;
  s.generation = j.at("generation");
  s.phase = ReadPhase(j.at("phase"));
  s.committed = ReadOptional(j.at("committed"));
  s.previous = ReadOptional(j.at("previous"));
  s.candidate = ReadOptional(j.at("candidate"));
  s.floor = j.at("floor");
  const ordered_json& starts = j.at("starts");
  s.starts = {.digest = starts.at("digest"),
              .crashes = starts.at("crashes"),
              .power_cuts = starts.at("power_cuts"),
              .trial_crashes = starts.at("trial_crashes")};
  s.running = j.at("running");
  s.boot_id = j.at("boot_id");
  s.refused = j.at("refused").get<std::vector<std::string>>();
  for (const ordered_json& e : j.at("history"))
    s.history.push_back({.bundle = ReadBundle(e.at("bundle")),
                         .result = e.at("result"),
                         .phase = ReadPhase(e.at("phase")),
                         .reason = e.at("reason"),
                         .at = e.at("at")});
  return s;
}

}  // namespace

std::string WriteState(const State& s) {
  ordered_json history = ordered_json::array();
  for (const Ending& e : s.history)
    history.push_back({{"bundle", ToJson(e.bundle)},
                       {"result", e.result},
                       {"phase", Name(e.phase)},
                       {"reason", e.reason},
                       {"at", e.at}});
  const ordered_json j = {{"format", kFormat},
                          {"generation", s.generation},
                          {"phase", Name(s.phase)},
                          {"committed", ToJson(s.committed)},
                          {"previous", ToJson(s.previous)},
                          {"candidate", ToJson(s.candidate)},
                          {"floor", s.floor},
                          {"starts",
                           {{"digest", s.starts.digest},
                            {"crashes", s.starts.crashes},
                            {"power_cuts", s.starts.power_cuts},
                            {"trial_crashes", s.starts.trial_crashes}}},
                          {"running", s.running},
                          {"boot_id", s.boot_id},
                          {"refused", s.refused},
                          {"history", history}};
  const std::string text = j.dump(1, ' ', false, ordered_json::error_handler_t::replace);
  return text + std::string(kHashMark) + crypto::Sha256Hex(text) + "\n";
}

Result<State> ReadState(std::string_view text) {
  const size_t mark = text.rfind(kHashMark);
  const auto damaged = [] { return Fail(Errc::kInvalid, "slots: the state file is damaged"); };
  if (mark == std::string_view::npos) return damaged();
  const std::string_view body = text.substr(0, mark);
  const std::string_view hash = text.substr(mark + kHashMark.size());
  if (hash.size() != 65 || hash.back() != '\n' || hash.substr(0, 64) != crypto::Sha256Hex(body))
    return damaged();
  // Whole, so written by a program of ours: what can still be wrong is the program's version.
  try {
    return FromJson(ordered_json::parse(body));
  } catch (const std::exception& error) {
    return Fail(Errc::kUnsupported,
                std::string("slots: the state file is of another program: ") + error.what());
  }
}

StateFiles::StateFiles(os::Disk& disk, std::string folder)
    : disk_(disk), folder_(std::move(folder)) {}

std::string StateFiles::PathOf(uint64_t generation) const {
  return folder_ + (generation % 2 == 0 ? "/state.0" : "/state.1");
}

Result<State> StateFiles::Load() {
  std::optional<State> best;
  std::optional<Error> worst;
  for (const uint64_t which : {uint64_t{0}, uint64_t{1}}) {
    const auto bytes = disk_.Read(PathOf(which), kStateBytesMax);
    if (!bytes && bytes.error().code == Errc::kNotFound) continue;
    if (!bytes && bytes.error().code == Errc::kIo) return tl::unexpected(bytes.error());
    auto state = bytes ? ReadState({reinterpret_cast<const char*>(bytes->data()), bytes->size()})
                       : Result<State>(tl::unexpected(bytes.error()));
    if (!state) {
      worst = state.error();
    } else if (!best || state->generation > best->generation) {
      best = std::move(*state);
    }
  }
  if (best) return std::move(*best);
  if (worst) return tl::unexpected(*worst);
  return Fail(Errc::kNotFound, "slots: no state yet");
}

Result<void> StateFiles::Store(State& state) {
  State next = state;
  ++next.generation;
  const std::string text = WriteState(next);
  MW_TRY(os::ReplaceDurably(disk_, PathOf(next.generation),
                            std::as_bytes(std::span(text.data(), text.size()))));
  state = std::move(next);
  return {};
}

}  // namespace millwright::slots
