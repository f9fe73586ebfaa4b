#include "defender/behavior.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "defender/address.h"
#include "defender/metric_json.h"

namespace millwright::defender {
namespace {

using nlohmann::json;

struct ComparisonRow {
  Comparison comparison;
  std::string_view name;
  Kind kinds[2];  // of the behaviour's value
};
constexpr std::array kComparisons = {
    ComparisonRow{Comparison::kLessThan, "less-than", {Kind::kCount, Kind::kNumber}},
    ComparisonRow{Comparison::kLessThanEquals, "less-than-equals", {Kind::kCount, Kind::kNumber}},
    ComparisonRow{Comparison::kGreaterThan, "greater-than", {Kind::kCount, Kind::kNumber}},
    ComparisonRow{
        Comparison::kGreaterThanEquals, "greater-than-equals", {Kind::kCount, Kind::kNumber}},
    ComparisonRow{Comparison::kInCidrSet, "in-cidr-set", {Kind::kCidrs, Kind::kCidrs}},
    ComparisonRow{Comparison::kNotInCidrSet, "not-in-cidr-set", {Kind::kCidrs, Kind::kCidrs}},
    ComparisonRow{Comparison::kInPortSet, "in-port-set", {Kind::kPorts, Kind::kPorts}},
    ComparisonRow{Comparison::kNotInPortSet, "not-in-port-set", {Kind::kPorts, Kind::kPorts}},
    ComparisonRow{Comparison::kInSet, "in-set", {Kind::kNumbers, Kind::kStrings}},
    ComparisonRow{Comparison::kNotInSet, "not-in-set", {Kind::kNumbers, Kind::kStrings}}};
constexpr std::array<int64_t, 5> kDurations = {300, 600, 900, 1800, 3600};
constexpr std::array<std::pair<std::string_view, double>, 11> kPercentiles = {{{"p0", 0},
                                                                               {"p0.1", 0.1},
                                                                               {"p0.01", 0.01},
                                                                               {"p1", 1},
                                                                               {"p10", 10},
                                                                               {"p50", 50},
                                                                               {"p90", 90},
                                                                               {"p99", 99},
                                                                               {"p99.9", 99.9},
                                                                               {"p99.99", 99.99},
                                                                               {"p100", 100}}};
// Metrics of AWS that reports carry, and how their values are said.
constexpr std::array<std::pair<std::string_view, Kind>, 10> kReported = {
    {{"aws:all-bytes-in", Kind::kCount},
     {"aws:all-bytes-out", Kind::kCount},
     {"aws:all-packets-in", Kind::kCount},
     {"aws:all-packets-out", Kind::kCount},
     {"aws:num-listening-tcp-ports", Kind::kCount},
     {"aws:num-listening-udp-ports", Kind::kCount},
     {"aws:num-established-tcp-connections", Kind::kCount},
     {"aws:destination-ip-addresses", Kind::kCidrs},
     {"aws:listening-tcp-ports", Kind::kPorts},
     {"aws:listening-udp-ports", Kind::kPorts}}};

tl::unexpected<Error> Wrong(const std::string& name, const std::string& what) {
  return Fail(Errc::kInvalid, "Behavior " + name + ": " + what);
}

Result<int64_t> WholeOr(const json& object, const char* key, int64_t low, int64_t high,
                        int64_t otherwise, const std::string& name) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return otherwise;
  const bool fits = found->is_number_integer() &&
                    (!found->is_number_unsigned() || found->get<uint64_t>() <= INT64_MAX);
  if (!fits || found->get<int64_t>() < low || found->get<int64_t>() > high)
    return Wrong(
        name, std::string(key) + " must be " + std::to_string(low) + " to " + std::to_string(high));
  return found->get<int64_t>();
}

Result<void> TakeComparison(const json& criteria, Behavior& out) {
  const auto found = criteria.find("comparisonOperator");
  if (found == criteria.end() || !found->is_string())
    return Wrong(out.name, "criteria need a comparisonOperator");
  const auto* const row =
      std::ranges::find(kComparisons, found->get_ref<const std::string&>(), &ComparisonRow::name);
  if (row == kComparisons.end()) return Wrong(out.name, "no comparisonOperator is called so");
  out.comparison = row->comparison;
  const auto statistic = criteria.find("statisticalThreshold");
  const auto value = criteria.find("value");
  if ((statistic == criteria.end()) == (value == criteria.end()))
    return Wrong(out.name, "criteria need either a value or a statisticalThreshold");
  if (statistic != criteria.end()) {
    const std::string text =
        statistic->is_object() ? statistic->value("statistic", json()).dump() : std::string();
    const auto* const known = std::ranges::find_if(
        kPercentiles, [&](const auto& p) { return text == '"' + std::string(p.first) + '"'; });
    if (known == kPercentiles.end()) return Wrong(out.name, "no statistic is called so");
    if (row->comparison > Comparison::kGreaterThanEquals)
      return Wrong(out.name, "a statistic is compared by less-than and greater-than");
    if (out.duration == 0) return Wrong(out.name, "a statistic needs durationSeconds");
    out.percentile = known->second;
    return {};
  }
  auto read = ValueOf(*value);
  if (!read) return Wrong(out.name, "value: " + read.error().what);
  if (read->kind != row->kinds[0] && read->kind != row->kinds[1])
    return Wrong(out.name, std::string(row->name) + " compares with " +
                               std::string(Name(row->kinds[0])) + ", not with " +
                               std::string(Name(read->kind)));
  out.value = std::move(*read);
  return {};
}

Result<void> TakeCriteria(const json& criteria, Behavior& out) {
  if (!criteria.is_object()) return Wrong(out.name, "criteria are no object");
  if (criteria.contains("mlDetectionConfig"))
    return Fail(Errc::kUnsupported,
                "Behavior " + out.name + ": ML Detect is not served, use a rule or a statistic");
  MW_TRY(const int64_t seconds, WholeOr(criteria, "durationSeconds", 0, 3600, 0, out.name));
  if (seconds != 0 && std::ranges::find(kDurations, seconds) == kDurations.end())
    return Wrong(out.name, "durationSeconds must be 300, 600, 900, 1800 or 3600");
  out.duration = seconds * kSecond;
  MW_TRY(const int64_t alarm,
         WholeOr(criteria, "consecutiveDatapointsToAlarm", 1, 10, 1, out.name));
  MW_TRY(const int64_t clear,
         WholeOr(criteria, "consecutiveDatapointsToClear", 1, 10, 1, out.name));
  out.to_alarm = static_cast<int>(alarm);
  out.to_clear = static_cast<int>(clear);
  return TakeComparison(criteria, out);
}

// What is compared must be what the metric has.
Result<void> CheckMetric(const Behavior& behavior) {
  const auto kind = KindOf(behavior.metric);
  if (behavior.metric.starts_with("aws:") && !kind)
    return Wrong(behavior.name, "no metric is called " + behavior.metric);
  if (!kind || !behavior.comparison) return {};
  const Kind with = behavior.value ? behavior.value->kind : Kind::kCount;
  if (*kind != with)
    return Wrong(behavior.name, behavior.metric + " is compared with " + std::string(Name(*kind)));
  return {};
}

Result<Behavior> BehaviorOf(const json& node) {
  if (!node.is_object() || !node.contains("name") || !node["name"].is_string())
    return Fail(Errc::kInvalid, "a behavior has no name");
  Behavior out;
  out.name = node["name"].get<std::string>();
  if (!IsName(out.name)) return Wrong("with a bad name", "names match [a-zA-Z0-9:_-]{1,128}");
  out.json = node.dump(-1, ' ', false, json::error_handler_t::replace);
  if (const auto metric = node.find("metric"); metric != node.end() && metric->is_string())
    out.metric = metric->get<std::string>();
  if (!IsName(out.metric)) return Wrong(out.name, "metric is missing or no name");
  if (node.contains("exportMetric") && node["exportMetric"] == true)
    return Fail(Errc::kUnsupported, "Behavior " + out.name + ": exportMetric is not served");
  out.suppress_alerts = node.contains("suppressAlerts") && node["suppressAlerts"] == true;
  if (const auto criteria = node.find("criteria"); criteria != node.end())
    MW_TRY(TakeCriteria(*criteria, out));
  MW_TRY(CheckMetric(out));
  return out;
}

// False as soon as one element is on the wrong side.
template <typename Elements, typename Test>
bool Every(const Elements& elements, bool in, Test is_in) {
  return std::ranges::all_of(elements, [&](const auto& e) { return is_in(e) == in; });
}

bool InNetworks(const std::string& address, const MetricValue& value) {
  const auto inner = ParseNetwork(address);
  return inner && std::ranges::any_of(value.strings, [&](const std::string& text) {
           const auto outer = ParseNetwork(text);
           return outer && Contains(*outer, *inner);
         });
}

bool InSet(const Behavior& behavior, const MetricValue& value, bool in) {
  const MetricValue& set = *behavior.value;
  const auto number_in = [&](double n) { return std::ranges::count(set.numbers, n) > 0; };
  const auto text_in = [&](const std::string& t) { return std::ranges::count(set.strings, t) > 0; };
  if (set.kind == Kind::kCidrs)
    return value.kind != Kind::kCidrs ||
           Every(value.strings, in, [&](const std::string& a) { return InNetworks(a, set); });
  if (value.kind == Kind::kStrings && set.kind == Kind::kStrings)
    return Every(value.strings, in, text_in);
  if (value.kind == Kind::kNumbers || value.kind == Kind::kPorts)
    return value.numbers.empty() || set.kind == Kind::kStrings ||
           Every(value.numbers, in, number_in);
  if (value.kind == Kind::kNumber && set.kind == Kind::kNumbers)
    return number_in(value.number) == in;
  return true;
}

}  // namespace

std::string_view Name(Comparison comparison) {
  return kComparisons[static_cast<size_t>(comparison)].name;
}

std::optional<Kind> KindOf(std::string_view metric) {
  const auto* const row =
      std::ranges::find(kReported, metric, &std::pair<std::string_view, Kind>::first);
  if (row == kReported.end()) return std::nullopt;
  return row->second;
}

bool IsDelta(std::string_view metric) { return metric.starts_with("aws:all-"); }

Result<std::vector<Behavior>> ReadBehaviors(std::string_view text) {
  const json list = json::parse(text, nullptr, false);
  if (!list.is_array() || list.size() > kBehaviorsMax)
    return Fail(Errc::kInvalid, "behaviors are no list of at most 100");
  std::vector<Behavior> out;
  std::set<std::string> names;
  size_t elements = 0;
  for (const json& node : list) {
    MW_TRY(Behavior behavior, BehaviorOf(node));
    if (!names.insert(behavior.name).second) return Wrong(behavior.name, "is there twice");
    if (behavior.value) elements += behavior.value->numbers.size() + behavior.value->strings.size();
    if (elements > kElementsMax)
      return Fail(Errc::kInvalid, "behaviors have more than 1000 value elements");
    out.push_back(std::move(behavior));
  }
  return out;
}

std::vector<std::string> FaultsOf(std::string_view text) {
  const json list = json::parse(text, nullptr, false);
  std::vector<std::string> out;
  if (list.is_array() && list.size() <= kBehaviorsMax)
    for (const json& node : list)
      if (const auto read = BehaviorOf(node); !read) out.push_back(read.error().what);
  if (out.empty())
    if (const auto read = ReadBehaviors(text); !read) out.push_back(read.error().what);
  return out;
}

bool Conforms(const Behavior& behavior, const MetricValue& value, std::optional<double> limit) {
  if (!behavior.comparison) return true;
  if (*behavior.comparison > Comparison::kGreaterThanEquals)
    return InSet(behavior, value,
                 *behavior.comparison == Comparison::kInCidrSet ||
                     *behavior.comparison == Comparison::kInPortSet ||
                     *behavior.comparison == Comparison::kInSet);
  if (value.kind != Kind::kCount && value.kind != Kind::kNumber) return true;
  if (!limit && !behavior.value) return true;
  const double with = limit ? *limit : behavior.value->number;
  switch (*behavior.comparison) {
    case Comparison::kLessThan:
      return value.number < with;
    case Comparison::kLessThanEquals:
      return value.number <= with;
    case Comparison::kGreaterThan:
      return value.number > with;
    default:
      return value.number >= with;
  }
}

}  // namespace millwright::defender
