// Counters, gauges and histograms, and their text for Prometheus.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/mutex.h"

namespace millwright::metrics {

using Labels = std::vector<std::pair<std::string, std::string>>;

/// Only grows. Any thread.
class Counter {
 public:
  void Add(uint64_t amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
  [[nodiscard]] uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

/// Goes up and down. Any thread.
class Gauge {
 public:
  void Set(double value) { value_.store(value, std::memory_order_relaxed); }
  void Add(double amount) { value_.fetch_add(amount, std::memory_order_relaxed); }
  [[nodiscard]] double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

/// Classic buckets. Any thread; a scrape beside an Observe may be one observation behind in its
/// sum.
class Histogram {
 public:
  static constexpr size_t kBoundsMax = 16;
  explicit Histogram(std::vector<double> bounds);
  void Observe(double value);
  [[nodiscard]] const std::vector<double>& bounds() const { return bounds_; }
  [[nodiscard]] uint64_t bucket(size_t index) const {
    return buckets_[index].load(std::memory_order_relaxed);
  }
  [[nodiscard]] double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  std::vector<double> bounds_;
  std::array<std::atomic<uint64_t>, kBoundsMax + 1> buckets_{};  // the last one is +Inf
  std::atomic<double> sum_{0};
};

/// Owns the metrics; references stay valid as long as it lives. Thread-safe.
class Registry {
 public:
  /// The metric of that name and labels; made when it is not there yet.
  [[nodiscard]] Counter& AddCounter(std::string_view name, std::string_view help,
                                    const Labels& labels = {});
  [[nodiscard]] Gauge& AddGauge(std::string_view name, std::string_view help,
                                const Labels& labels = {});
  [[nodiscard]] Histogram& AddHistogram(std::string_view name, std::string_view help,
                                        std::vector<double> bounds, const Labels& labels = {});
  /// Called at the begin of each Text: for gauges that are read, not counted.
  void BeforeScrape(std::function<void()> refresh);

  /// Prometheus text format 0.0.4.
  [[nodiscard]] std::string Text();

 private:
  enum class Type : uint8_t { kCounter, kGauge, kHistogram };
  struct Series {
    std::unique_ptr<Counter> counter;
    std::unique_ptr<Gauge> gauge;
    std::unique_ptr<Histogram> histogram;
  };
  struct Family {
    Type type;
    std::string help;
    std::map<std::string, Series> series;  // by their label text
  };
  Series& Find(std::string_view name, std::string_view help, Type type, const Labels& labels)
      MW_REQUIRES(mutex_);
  static void WriteSeries(std::string& out, const std::string& name, const std::string& labels,
                          const Series& series);

  Mutex mutex_;
  std::map<std::string, Family> families_ MW_GUARDED_BY(mutex_);
  std::vector<std::function<void()>> refreshers_ MW_GUARDED_BY(mutex_);
};

}  // namespace millwright::metrics
