// What an agent remembers from one run to the next. Baselines are files, written durably; the
// windows snapshot is a file that survives a crash of the process but not a power cut; coverage and
// open alarms are marks in the outbox, written in the transaction of the records they belong to.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/events.h"
#include "agent/machine.h"
#include "agent/plan.h"
#include "os/files.h"
#include "outbox/outbox.h"

namespace millwright::agent {

struct Baseline {
  dsp::Standardizer standardizer;
  Nanos learned_at = 0;                     // step time of its last row
  std::map<std::string, float> amplitudes;  // of the spectral marks, by name
};

/// A baseline as it lies on the disk and goes to the hub, which keeps it for a gateway that takes
/// this one's place.
struct BaselineCopy {
  std::string file;  // its name in "<state>/baselines"
  std::string document;
  Nanos learned_at = 0;
};
[[nodiscard]] BaselineCopy CopyOf(const Plan& plan, size_t asset, const Baseline& baseline);

/// "<state>/baselines/<asset>.<schema>.json".
[[nodiscard]] Result<void> SaveBaseline(const Plan& plan, size_t asset, const Baseline& baseline,
                                        os::Files& files);
/// Nothing where there is none, where it was learned under another schema, or where it is damaged
/// (which is logged): the machine then learns anew.
[[nodiscard]] std::optional<Baseline> LoadBaseline(const Plan& plan, size_t asset,
                                                   os::Files& files);

/// All of an asset's baselines, of every feature schema: none is true of a repaired machine.
[[nodiscard]] Result<void> RemoveBaselines(const Plan& plan, size_t asset, os::Files& files);

/// One machine's part of the snapshot.
struct WindowState {
  Nanos step_end = 0;
  int filled = 0;
  std::vector<int8_t> window;
  std::vector<float> history;  // [n x classes], oldest first
};

/// "<state>/windows.bin": all machines at once, in the order of the plan, with a checksum.
[[nodiscard]] std::string EncodeWindows(const Plan& plan, std::span<const WindowState> windows);
/// By asset; empty states where the file is missing, damaged, or of another model or configuration.
[[nodiscard]] std::vector<WindowState> DecodeWindows(const Plan& plan,
                                                     std::span<const std::byte> bytes);
[[nodiscard]] std::string WindowsPath(const Plan& plan);

/// Marks in the outbox.
/// Of what the hub was told: when it was learned.
[[nodiscard]] std::string BaselineKey(const BaselineCopy& copy);
[[nodiscard]] std::string CoverageKey(const AssetSettings& asset);
[[nodiscard]] std::string AlarmKey(const AssetSettings& asset);
/// Of the last service that was done: "<hub's time> <when it was done>".
[[nodiscard]] std::string ServiceKey(const AssetSettings& asset);
/// One line a channel: "<name> <last ts> <last seq>".
[[nodiscard]] std::string EncodePositions(const AssetSettings& asset,
                                          std::span<const Restored::Position> positions);
[[nodiscard]] std::vector<Restored::Position> DecodePositions(const AssetSettings& asset,
                                                              std::string_view text);
/// "<level> <key>"; level none is the empty text.
[[nodiscard]] std::string EncodeAlarm(const OpenAlarm& alarm);
[[nodiscard]] std::optional<OpenAlarm> DecodeAlarm(std::string_view text);

struct Memory {
  std::vector<Restored> machines;  // by asset
  std::vector<OpenAlarm> alarms;   // level none: no alarm is open
  std::vector<std::map<std::string, float>> amplitudes;
  std::vector<std::optional<BaselineCopy>> untold;  // baselines that the hub does not have yet
};

/// Everything that earlier runs left. Fails only where the outbox cannot be read.
[[nodiscard]] Result<Memory> Remember(const Plan& plan, os::Files& files, outbox::Outbox& outbox);

}  // namespace millwright::agent
