#include "defender/metric.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "defender/address.h"
#include "defender/metric_json.h"

namespace millwright::defender {
namespace {

using nlohmann::json;

constexpr std::array kKinds = {Kind::kCount,  Kind::kCidrs,   Kind::kPorts,
                               Kind::kNumber, Kind::kNumbers, Kind::kStrings};
constexpr size_t kElementBytesMax = 256;
constexpr double kWholeMax = 9007199254740992.0;  // 2^53: whole numbers beyond it are not exact

json Whole(double number) { return static_cast<int64_t>(number); }

bool IsWhole(double number, double max) {
  return number >= 0 && number <= max && std::floor(number) == number;
}

Result<std::vector<double>> Numbers(const json& list, double whole_max) {
  std::vector<double> out;
  for (const json& item : list) {
    if (!item.is_number() || !std::isfinite(item.get<double>()))
      return Fail(Errc::kInvalid, "defender: an element is no number");
    const double number = item.get<double>();
    if (whole_max > 0 && !IsWhole(number, whole_max))
      return Fail(Errc::kInvalid, "defender: a port is not 0 to 65535");
    out.push_back(number);
  }
  return out;
}

Result<std::vector<std::string>> Strings(const json& list, bool networks) {
  std::vector<std::string> out;
  for (const json& item : list) {
    if (!item.is_string() || item.get_ref<const std::string&>().size() > kElementBytesMax)
      return Fail(Errc::kInvalid, "defender: an element is no text of at most 256 bytes");
    if (networks && !ParseNetwork(item.get_ref<const std::string&>()))
      return Fail(Errc::kInvalid, "defender: an element is no address or CIDR");
    out.push_back(item.get<std::string>());
  }
  return out;
}

}  // namespace

std::string_view Name(Kind kind) {
  constexpr std::array<std::string_view, 6> kNames = {"count",  "cidrs",   "ports",
                                                      "number", "numbers", "strings"};
  return kNames[static_cast<size_t>(kind)];
}

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= kNameMax && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':' ||
           c == '_' || c == '-';
  });
}

bool IsThing(std::string_view name) {
  return !name.empty() && name.size() <= kNameMax && std::ranges::all_of(name, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte != 0x7F && c != '/' && c != '+' && c != '#';
  });
}

Result<MetricValue> ValueOf(const json& object) {
  if (!object.is_object() || object.size() != 1)
    return Fail(Errc::kInvalid,
                "defender: a value has exactly one of count, cidrs, ports, number, "
                "numbers and strings");
  const std::string& key = object.begin().key();
  const json& member = object.begin().value();
  const auto kind = std::ranges::find_if(kKinds, [&](Kind k) { return Name(k) == key; });
  if (kind == kKinds.end()) return Fail(Errc::kInvalid, "defender: no value is called so");
  MetricValue out{.kind = *kind};
  if (*kind == Kind::kCount || *kind == Kind::kNumber) {
    if (!member.is_number() || !std::isfinite(member.get<double>()))
      return Fail(Errc::kInvalid, "defender: " + key + " is no number");
    out.number = member.get<double>();
    if (*kind == Kind::kCount && !IsWhole(out.number, kWholeMax))
      return Fail(Errc::kInvalid, "defender: count is no whole number from 0");
    return out;
  }
  if (!member.is_array() || member.size() > kElementsMax)
    return Fail(Errc::kInvalid, "defender: " + key + " is no list of at most 1000");
  if (*kind == Kind::kNumbers || *kind == Kind::kPorts) {
    MW_TRY(out.numbers, Numbers(member, *kind == Kind::kPorts ? 65535 : 0));
  } else {
    MW_TRY(out.strings, Strings(member, *kind == Kind::kCidrs));
  }
  return out;
}

json JsonOf(const MetricValue& value) {
  json member;
  switch (value.kind) {
    case Kind::kCount:
      member = Whole(value.number);
      break;
    case Kind::kNumber:
      member = value.number;
      break;
    case Kind::kNumbers:
      member = value.numbers;
      break;
    case Kind::kPorts:
      member = json::array();
      for (const double port : value.numbers) member.push_back(Whole(port));
      break;
    case Kind::kCidrs:
    case Kind::kStrings:
      member = value.strings;
  }
  return {{std::string(Name(value.kind)), member}};
}

Result<MetricValue> ReadValue(std::string_view text) {
  return ValueOf(json::parse(text, nullptr, false));
}

std::string WriteValue(const MetricValue& value) {
  return JsonOf(value).dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string WriteValues(const MetricValues& values) {
  json out = json::object();
  for (const auto& [name, value] : values) out[name] = JsonOf(value);
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<MetricValues> ReadValues(std::string_view text) {
  const json all = json::parse(text, nullptr, false);
  if (!all.is_object()) return Fail(Errc::kInvalid, "defender: the values are no object");
  MetricValues out;
  for (const auto& [name, member] : all.items()) {
    MW_TRY(MetricValue value, ValueOf(member));
    out.emplace(name, std::move(value));
  }
  return out;
}

}  // namespace millwright::defender
