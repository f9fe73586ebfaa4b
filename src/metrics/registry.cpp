#include "metrics/registry.h"

#include <algorithm>
#include <charconv>

#include "core/check.h"

namespace millwright::metrics {
namespace {

bool IsName(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && (name[0] < '0' || name[0] > '9') &&
         std::all_of(name.begin(), name.end(), good);
}

std::string Escaped(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else if (c == '"' && quotes)
      out += "\\\"";
    else
      out += c;
  }
  return out;
}

// a="1",b="2": the braces come where a histogram has added its own.
std::string LabelText(const Labels& labels) {
  std::string out;
  for (const auto& [key, value] : labels) {
    MW_CHECK(IsName(key));
    if (!out.empty()) out += ',';
    out.append(key).append("=\"").append(Escaped(value, true)).append("\"");
  }
  return out;
}

std::string Number(double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return {buffer, end};
}

void Line(std::string& out, std::string_view name, std::string_view labels,
          std::string_view value) {
  out.append(name);
  if (!labels.empty()) out.append("{").append(labels).append("}");
  out.append(" ").append(value).append("\n");
}

}  // namespace

Histogram::Histogram(std::vector<double> bounds) : bounds_(std::move(bounds)) {
  MW_CHECK(!bounds_.empty() && bounds_.size() <= kBoundsMax);
  MW_CHECK(std::is_sorted(bounds_.begin(), bounds_.end()));
}

void Histogram::Observe(double value) {
  const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  buckets_[static_cast<size_t>(bound - bounds_.begin())].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

Registry::Series& Registry::Find(std::string_view name, std::string_view help, Type type,
                                 const Labels& labels) {
  MW_CHECK(IsName(name));
  auto [family, made] =
      families_.try_emplace(std::string(name), Family{type, std::string(help), {}});
  MW_CHECK(family->second.type == type);
  return family->second.series[LabelText(labels)];
}

Counter& Registry::AddCounter(std::string_view name, std::string_view help, const Labels& labels) {
  MW_CHECK(name.ends_with("_total"));
  const MutexLock lock(mutex_);
  Series& series = Find(name, help, Type::kCounter, labels);
  if (!series.counter) series.counter = std::make_unique<Counter>();
  return *series.counter;
}

Gauge& Registry::AddGauge(std::string_view name, std::string_view help, const Labels& labels) {
  const MutexLock lock(mutex_);
  Series& series = Find(name, help, Type::kGauge, labels);
  if (!series.gauge) series.gauge = std::make_unique<Gauge>();
  return *series.gauge;
}

Histogram& Registry::AddHistogram(std::string_view name, std::string_view help,
                                  std::vector<double> bounds, const Labels& labels) {
  const MutexLock lock(mutex_);
  Series& series = Find(name, help, Type::kHistogram, labels);
  if (!series.histogram) series.histogram = std::make_unique<Histogram>(std::move(bounds));
  return *series.histogram;
}

void Registry::BeforeScrape(std::function<void()> refresh) {
  const MutexLock lock(mutex_);
  refreshers_.push_back(std::move(refresh));
}

void Registry::WriteSeries(std::string& out, const std::string& name, const std::string& labels,
                           const Series& series) {
  if (series.counter) Line(out, name, labels, std::to_string(series.counter->value()));
  if (series.gauge) Line(out, name, labels, Number(series.gauge->value()));
  if (!series.histogram) return;
  const Histogram& histogram = *series.histogram;
  const std::string prefix = labels.empty() ? "" : labels + ",";
  uint64_t count = 0;
  for (size_t i = 0; i <= histogram.bounds().size(); ++i) {
    count += histogram.bucket(i);
    const bool last = i == histogram.bounds().size();
    const std::string bound = last ? "+Inf" : Number(histogram.bounds()[i]);
    Line(out, name + "_bucket", prefix + "le=\"" + bound + "\"", std::to_string(count));
  }
  Line(out, name + "_sum", labels, Number(histogram.sum()));
  Line(out, name + "_count", labels, std::to_string(count));
}

std::string Registry::Text() {
  std::vector<std::function<void()>> refreshers;
  {
    const MutexLock lock(mutex_);
    refreshers = refreshers_;
  }
  for (const auto& refresh : refreshers) refresh();  // may add series, so the lock is free here

  constexpr std::string_view kTypes[] = {"counter", "gauge", "histogram"};
  const MutexLock lock(mutex_);
  std::string out;
  for (const auto& [name, family] : families_) {
    out.append("# HELP ").append(name).append(" ").append(Escaped(family.help, false)).append("\n");
    out.append("# TYPE ").append(name).append(" ");
    out.append(kTypes[static_cast<size_t>(family.type)]).append("\n");
    for (const auto& [labels, series] : family.series) WriteSeries(out, name, labels, series);
  }
  return out;
}

}  // namespace millwright::metrics
