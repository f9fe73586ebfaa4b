#include "commands.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>

namespace millwright::sim {
namespace {

using nlohmann::json;

constexpr size_t kLineBytesMax = size_t{1} << 16;

Result<std::string> Text(const json& command, const char* key) {
  const auto found = command.find(key);
  if (found != command.end() && found->is_string()) return found->get<std::string>();
  return Fail(Errc::kInvalid, std::string("command: \"") + key + "\" must be a string");
}

Result<void> Inject(const json& command, machines::Plant& plant) {
  MW_TRY(const std::string asset, Text(command, "asset"));
  MW_TRY(const std::string fault, Text(command, "fault"));
  std::optional<double> wear_s;
  if (const auto wear = command.find("wear_s"); wear != command.end()) {
    if (!wear->is_number()) return Fail(Errc::kInvalid, "command: \"wear_s\" must be a number");
    wear_s = wear->get<double>();
  }
  return plant.Inject(asset, fault, wear_s);
}

Result<void> SetSensor(const json& command, machines::Plant& plant) {
  MW_TRY(const std::string asset, Text(command, "asset"));
  MW_TRY(const std::string channel, Text(command, "channel"));
  MW_TRY(const std::string mode, Text(command, "mode"));
  return plant.SetSensor(asset, channel, mode);
}

}  // namespace

Result<bool> RunCommand(std::string_view line, machines::Plant& plant) {
  const json command = json::parse(line, nullptr, false);
  if (!command.is_object()) return Fail(Errc::kInvalid, "command: not a JSON object");
  MW_TRY(const std::string what, Text(command, "do"));
  if (what == "stop") return true;
  if (what == "inject") {
    MW_TRY(Inject(command, plant));
    return false;
  }
  if (what == "repair") {
    MW_TRY(const std::string asset, Text(command, "asset"));
    MW_TRY(plant.Repair(asset));
    return false;
  }
  if (what == "sensor") {
    MW_TRY(SetSensor(command, plant));
    return false;
  }
  return Fail(Errc::kInvalid, "command: \"" + what + "\" is none of inject, repair, sensor, stop");
}

void CommandInput::Fill() {
  pollfd descriptor = {.fd = fd_, .events = POLLIN, .revents = 0};
  if (ended_ || poll(&descriptor, 1, 0) <= 0) return;
  std::array<char, 4096> chunk = {};
  const ssize_t got = read(fd_, chunk.data(), chunk.size());
  if (got > 0) buffer_.append(chunk.data(), static_cast<size_t>(got));
  if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) ended_ = true;
  if (buffer_.size() > kLineBytesMax && buffer_.find('\n') == std::string::npos) buffer_.clear();
}

bool CommandInput::TakeLine(std::string& line) {
  Fill();
  const size_t end = buffer_.find('\n');
  if (end == std::string::npos) return false;
  line.assign(buffer_, 0, end);
  buffer_.erase(0, end + 1);
  return true;
}

}  // namespace millwright::sim
