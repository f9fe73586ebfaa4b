#include "trainer/checkpoint.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "crypto/sha256.h"

namespace millwright::trainer {
namespace {

constexpr std::string_view kEnding = ".state";
constexpr size_t kDigest = 64;                 // hex digits before the state: a torn file shows
constexpr size_t kStateMax = size_t{2} << 30;  // a teacher of 45 MB needs 180 MB

template <typename T>
void Add(crypto::Sha256& hash, std::span<const T> values) {
  hash.Update(std::to_string(values.size()) + ":");
  hash.Update(std::as_bytes(values));
}

template <typename T>
void Add(crypto::Sha256& hash, const std::vector<T>& values) {
  Add(hash, std::span<const T>(values));
}

void Add(crypto::Sha256& hash, const WindowSet& set) {
  Add(hash, set.rows);
  Add(hash, set.first);
  Add(hash, set.labels);
  Add(hash, set.targets);
  Add(hash, set.teacher);
}

void Add(crypto::Sha256& hash, const LstmNet& net) {
  for (const LstmLayer& layer : net.layers)
    for (size_t g = 0; g < model::kGates; ++g) {
      Add(hash, layer.input_weights[g]);
      Add(hash, layer.recurrent_weights[g]);
      Add(hash, layer.biases[g]);
    }
  Add(hash, net.dense_weights);
  Add(hash, net.dense_biases);
}

}  // namespace

std::string LearnKey(const WindowSet& train, const WindowSet& validation, const LearnOptions& o) {
  crypto::Sha256 hash;
  Add(hash, train);
  Add(hash, validation);
  for (const int value : {o.steps, o.features, o.classes, o.units, o.layers, o.epochs, o.patience,
                          o.batch, o.quantized ? 1 : 0, o.threads, o.regression ? 1 : 0})
    hash.Update(std::to_string(value) + " ");
  // To the last bit: a rate that differs in its tenth digit learns another net.
  for (const double value : {o.learning_rate, o.weight_decay, o.dropout, o.input_noise, o.mirror,
                             o.follow, o.follow_temperature})
    hash.Update(std::to_string(std::bit_cast<uint64_t>(value)) + " ");
  hash.Update(std::to_string(o.seed));
  Add(hash, o.mirrored);
  Add(hash, o.class_weights);
  if (o.start) Add(hash, *o.start);
  return hash.TakeHex();
}

std::string Checkpoints::PathOf(const std::string& key) const {
  return folder_ + "/" + key + std::string(kEnding);
}

size_t Checkpoints::Count() const {
  const auto names = files_.List(folder_);
  if (!names) return 0;
  return static_cast<size_t>(std::ranges::count_if(
      *names, [](const std::string& name) { return name.ends_with(kEnding); }));
}

Result<void> Checkpoints::Clear() {
  const auto names = files_.List(folder_);
  for (const std::string& name : names ? *names : std::vector<std::string>{})
    if (name.ends_with(kEnding)) MW_TRY(files_.Remove(folder_ + "/" + name));
  return {};
}

std::string Checkpoints::Read(const std::string& key) const {
  const auto bytes = files_.Read(PathOf(key), kStateMax);
  if (!bytes || bytes->size() <= kDigest) return {};
  const std::string_view text = os::AsText(*bytes);
  const std::string_view state = text.substr(kDigest);
  return crypto::Sha256Hex(state) == text.substr(0, kDigest) ? std::string(state) : std::string();
}

void Checkpoints::Write(const std::string& key, const std::string& state) {
  auto done = files_.MakeFolders(folder_);
  if (done) done = files_.WriteFast(PathOf(key), os::AsBytes(crypto::Sha256Hex(state) + state));
  fault_ = done ? std::string() : done.error().what;
}

Learner Checkpoints::Around(Learner inner) {
  return [this, inner = std::move(inner)](const WindowSet& train, const WindowSet& validation,
                                          const LearnOptions& options,
                                          const std::function<void(const Progress&)>& progress) {
    const std::string key = LearnKey(train, validation, options);
    LearnOptions o = options;
    o.go_on.from = Read(key);
    Nanos written = clock_.Monotonic();
    o.go_on.keep = [&](const std::function<std::string()>& state, bool finished) {
      if (!finished && clock_.Monotonic() - written < every_) return;
      Write(key, state());
      written = clock_.Monotonic();
    };
    if (!o.go_on.from.empty()) {
      if (auto learned = inner(train, validation, o, progress)) {
        ++taken_up_;
        return learned;
      }
      o.go_on.from.clear();  // whatever was wrong with it, the data are still there
    }
    return inner(train, validation, o, progress);
  };
}

}  // namespace millwright::trainer
