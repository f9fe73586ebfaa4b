#include "ledger.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace millwright::bench {
namespace {

constexpr Nanos kNear = kSecond;  // of a change of model: this much of real time, either way

double At(std::vector<Nanos>& sorted, double share) {
  if (sorted.empty()) return 0;
  return Seconds(sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1))]) * 1e3;
}

}  // namespace

void Ledger::Note(Nanos real, std::string_view payload) {
  const std::lock_guard lock(mutex_);
  noted_.push_back({real, std::string(payload)});
}

void Ledger::Read() {
  std::vector<Noted> fresh;
  {
    const std::lock_guard lock(mutex_);
    fresh.swap(noted_);
  }
  for (const Noted& noted : fresh) Enter(noted);
}

// A machine's windows count from the first one that was decided; a later one without a score, of a
// machine that is suddenly unknown, is missed.
void Ledger::Enter(const Noted& noted) {
  const auto decision = nlohmann::json::parse(noted.payload);
  if (decision["heartbeat"].get<bool>() || decision["state"] != "running") return;
  const auto asset = decision["asset"].get<std::string>();
  const auto machine = static_cast<size_t>(std::stoi(asset.substr(2)) - 1);
  Book& book = books_.at(machine);
  const auto end = decision["step_end"].get<Nanos>();
  const auto model = decision["model_hash"].get<std::string>();
  if (book.first == 0) book.first = end;
  ++book.decided[end];
  if (!book.model.empty() && book.model != model) {
    ++book.changes;
    changed_at_.push_back(noted.real);
  }
  book.model = model;
  const Nanos published = plant_.PublishedAt(machine, decision["sensor_ts"].get<Nanos>());
  windows_.push_back({noted.real, noted.real - published});
}

bool Ledger::AllRunning() const {
  return std::ranges::all_of(books_, [](const Book& book) { return book.first != 0; });
}

LedgerFigures Ledger::Close(Nanos last_end) const {
  LedgerFigures out;
  for (const Book& book : books_) {
    out.changes += book.changes;
    for (Nanos end = book.first; end <= last_end; end += kStep) {
      const auto found = book.decided.find(end);
      const int times = found == book.decided.end() ? 0 : found->second;
      out.missed += times == 0 ? 1 : 0;
      out.twice += times > 1 ? static_cast<uint64_t>(times - 1) : 0;
    }
  }
  std::vector<Nanos> changed = changed_at_;
  std::ranges::sort(changed);
  std::vector<Nanos> near, far;
  for (const Window& window : windows_) {
    const auto next = std::ranges::lower_bound(changed, window.real - kNear);
    const bool close = next != changed.end() && *next <= window.real + kNear;
    (close ? near : far).push_back(window.latency);
  }
  std::ranges::sort(near);
  std::ranges::sort(far);
  out.windows = windows_.size();
  out.near = near.size();
  out.far = far.size();
  out.near_ms_p50 = At(near, 0.5), out.far_ms_p50 = At(far, 0.5);
  out.near_ms_p99 = At(near, 0.99), out.far_ms_p99 = At(far, 0.99);
  out.near_ms_p999 = At(near, 0.999), out.far_ms_p999 = At(far, 0.999);
  out.near_ms_max = At(near, 1), out.far_ms_max = At(far, 1);
  return out;
}

}  // namespace millwright::bench
