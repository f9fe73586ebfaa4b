#include "trainer/torch/lstm_fit.h"

#include <torch/nn.h>
#include <torch/optim.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <numeric>
#include <random>
#include <set>

#include "trainer/torch/lstm_module.h"
#include "trainer/torch/lstm_state.h"

namespace millwright::trainer {
namespace {

struct Batch {
  torch::Tensor x, y, teacher;  // the last may be undefined
};

class Fit {
 public:
  Fit(const WindowSet& train, const WindowSet& validation, const LearnOptions& o,
      const std::function<void(const Progress&)>& progress)
      : train_(train),
        validation_(validation),
        o_(o),
        progress_(progress),
        random_(o.seed),
        net_(o) {
    auto options = torch::TensorOptions().dtype(torch::kFloat32);
    if (o.mirror > 0)
      for (const int group : o.mirrored)
        if (group >= 0) groups_.insert(group);
    if (!o.regression)
      weights_ = torch::from_blob(const_cast<float*>(o.class_weights.data()), {o.classes}, options)
                     .clone();
  }

  Learned Run() {
    torch::optim::AdamW adam(
        net_->parameters(),
        torch::optim::AdamWOptions(o_.learning_rate).weight_decay(o_.weight_decay));
    Moment now{.net = net_, .adam = adam, .random = random_};
    if (!o_.go_on.from.empty()) Restore(o_.go_on.from, now);
    Learned& learned = now.learned;
    const auto state = [&] { return Save(now); };
    // A state kept after the last epoch leaves nothing to do.
    while (now.epoch < o_.epochs && now.epoch - learned.best_epoch <= o_.patience) {
      const int epoch = now.epoch++;
      SetRate(adam, epoch);
      EpochRecord record;
      record.train_loss = TrainEpoch(adam, epoch);
      Validate(record);
      accuracy_ = record.validation_accuracy;
      learned.history.push_back(record);
      if (record.validation_loss < now.best_loss) {
        now.best_loss = record.validation_loss;
        learned.best_epoch = epoch;
        now.TakeBest();
      }
      if (o_.go_on.keep) o_.go_on.keep(state, false);
      if (o_.go_on.stop && o_.go_on.stop(epoch, now.best_loss)) break;
    }
    if (o_.go_on.keep) o_.go_on.keep(state, true);
    learned.net = now.BestNet();
    return learned;
  }

 private:
  static constexpr size_t kBatch = 512;  // of validation

  [[nodiscard]] Batch Gather(const WindowSet& set, std::span<const uint32_t> picks) const {
    const auto features = static_cast<size_t>(o_.features);
    const size_t window = static_cast<size_t>(o_.steps) * features;
    const auto n = static_cast<int64_t>(picks.size());
    torch::Tensor x = torch::empty({n, o_.steps, o_.features});
    torch::Tensor y = torch::empty({n}, o_.regression ? torch::kFloat32 : torch::kInt64);
    auto* to = x.data_ptr<float>();
    for (size_t i = 0; i < picks.size(); ++i) {
      to = std::copy_n(set.rows.data() + size_t{set.first[picks[i]]} * features, window, to);
      if (o_.regression)
        y.data_ptr<float>()[i] = set.targets[picks[i]];
      else
        y.data_ptr<int64_t>()[i] = set.labels[picks[i]];
    }
    return {std::move(x), std::move(y), GatherTeacher(set, picks)};
  }

  [[nodiscard]] torch::Tensor GatherTeacher(const WindowSet& set,
                                            std::span<const uint32_t> picks) const {
    if (set.teacher.empty()) return {};
    const auto classes = static_cast<size_t>(o_.classes);
    torch::Tensor out = torch::empty({static_cast<int64_t>(picks.size()), o_.classes});
    auto* to = out.data_ptr<float>();
    for (const uint32_t pick : picks)
      to = std::copy_n(set.teacher.data() + size_t{pick} * classes, classes, to);
    return out;
  }

  // Signs [windows x 1 x features]: each group of a window's features is turned or left together.
  torch::Tensor Mirror(int64_t windows) {
    torch::Tensor signs = torch::ones({windows, 1, o_.features});
    auto* to = signs.data_ptr<float>();
    std::bernoulli_distribution turns(o_.mirror);
    std::map<int, float> sign;
    for (int64_t i = 0; i < windows; ++i, to += o_.features) {
      for (const int group : groups_) sign[group] = turns(random_) ? -1.0F : 1.0F;
      for (size_t f = 0; f < o_.mirrored.size(); ++f)
        if (o_.mirrored[f] >= 0) to[f] = sign[o_.mirrored[f]];
    }
    return signs;
  }

  void SetRate(torch::optim::AdamW& adam, int epoch) const {
    const double turn = static_cast<double>(epoch) / o_.epochs;
    const double rate =
        o_.learning_rate * (0.02 + 0.98 * 0.5 * (1 + std::cos(std::numbers::pi * turn)));
    for (auto& group : adam.param_groups())
      static_cast<torch::optim::AdamWOptions&>(group.options()).lr(rate);
  }

  double TrainEpoch(torch::optim::AdamW& adam, int epoch) {
    net_->train();
    std::vector<uint32_t> order(train_.size());
    std::iota(order.begin(), order.end(), 0U);
    // std::shuffle differs between libraries; this one is fixed.
    for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random_() % i]);
    const auto batch = static_cast<size_t>(o_.batch);
    double sum = 0;
    for (size_t at = 0; at < order.size(); at += batch) {
      const size_t n = std::min(batch, order.size() - at);
      Batch b = Gather(train_, std::span(order).subspan(at, n));
      if (!groups_.empty()) b.x *= Mirror(static_cast<int64_t>(n));
      if (o_.input_noise > 0) b.x += o_.input_noise * torch::randn_like(b.x);
      adam.zero_grad();
      const torch::Tensor loss = Loss(net_->forward(b.x), b);
      loss.backward();
      torch::nn::utils::clip_grad_norm_(net_->parameters(), 1.0);
      adam.step();
      sum += loss.item<double>() * static_cast<double>(n);
      progress_({.epoch = epoch,
                 .epochs = o_.epochs,
                 .done = static_cast<double>(at + n) / static_cast<double>(order.size()),
                 .loss = sum / static_cast<double>(at + n),
                 .validation_accuracy = accuracy_});
    }
    return sum / static_cast<double>(order.size());
  }

  [[nodiscard]] torch::Tensor Loss(const torch::Tensor& logits, const Batch& b) const {
    if (o_.regression) return torch::mse_loss(logits.squeeze(1), b.y);
    torch::Tensor loss = torch::nn::functional::cross_entropy(
        logits, b.y, torch::nn::functional::CrossEntropyFuncOptions().weight(weights_));
    if (!b.teacher.defined()) return loss;
    const double t = o_.follow_temperature;
    const torch::Tensor apart =
        torch::kl_div(torch::log_softmax(logits / t, 1), torch::softmax(b.teacher / t, 1),
                      at::Reduction::Sum) /
        logits.size(0);
    return (1 - o_.follow) * loss + o_.follow * t * t * apart;
  }

  void Validate(EpochRecord& record) {
    torch::NoGradGuard no_grad;
    net_->eval();
    if (o_.regression) return ValidateValues(record);
    std::vector<double> right(static_cast<size_t>(o_.classes)), all(right.size());
    std::vector<uint32_t> picks;
    double weighted_loss = 0, weight = 0;
    for (size_t at = 0; at < validation_.size(); at += kBatch) {
      picks.resize(std::min(kBatch, validation_.size() - at));
      std::iota(picks.begin(), picks.end(), static_cast<uint32_t>(at));
      const Batch b = Gather(validation_, picks);
      const torch::Tensor logits = net_->forward(b.x);
      // cross_entropy divides by the batch's class weights: weigh it back, so that batches add up.
      const double batch_weight = weights_.index_select(0, b.y).sum().item<double>();
      weighted_loss += Loss(logits, {b.x, b.y, {}}).item<double>() * batch_weight;
      weight += batch_weight;
      const torch::Tensor guess = logits.argmax(1);
      for (int64_t i = 0; i < guess.size(0); ++i) {
        const auto y = static_cast<size_t>(b.y[i].item<int64_t>());
        all[y] += 1;
        if (guess[i].item<int64_t>() == static_cast<int64_t>(y)) right[y] += 1;
      }
    }
    record.validation_loss = weight > 0 ? weighted_loss / weight : 0;
    double recall = 0;
    int present = 0;
    for (size_t c = 0; c < all.size(); ++c) {
      if (all[c] == 0) continue;
      recall += right[c] / all[c];
      ++present;
    }
    record.validation_accuracy = present > 0 ? recall / present : 0;
  }

  void ValidateValues(EpochRecord& record) {
    double sum = 0;
    std::vector<uint32_t> picks;
    for (size_t at = 0; at < validation_.size(); at += kBatch) {
      picks.resize(std::min(kBatch, validation_.size() - at));
      std::iota(picks.begin(), picks.end(), static_cast<uint32_t>(at));
      const Batch b = Gather(validation_, picks);
      sum += Loss(net_->forward(b.x), b).item<double>() * static_cast<double>(picks.size());
    }
    record.validation_loss = sum / static_cast<double>(validation_.size());
  }

  const WindowSet& train_;
  const WindowSet& validation_;
  const LearnOptions& o_;
  const std::function<void(const Progress&)>& progress_;
  std::mt19937_64 random_;
  Net net_;
  torch::Tensor weights_;
  std::set<int> groups_;  // of o_.mirrored; empty: nothing is turned
  double accuracy_ = 0;
};

Result<void> Check(const WindowSet& train, const WindowSet& validation, const LearnOptions& o) {
  if (train.size() == 0) return Fail(Errc::kInvalid, "trainer: no window to train on");
  if (validation.size() == 0) return Fail(Errc::kInvalid, "trainer: no window to validate on");
  if (o.regression) {
    if (o.classes != 1 || train.targets.size() != train.size() ||
        validation.targets.size() != validation.size())
      return Fail(Errc::kInternal, "trainer: a regression wants one output and a target a window");
  } else if (o.class_weights.size() != static_cast<size_t>(o.classes))
    return Fail(Errc::kInternal, "trainer: class weights and classes differ in number");
  if (!train.teacher.empty() &&
      train.teacher.size() != train.size() * static_cast<size_t>(o.classes))
    return Fail(Errc::kInternal, "trainer: the teacher says nothing of some windows");
  if (!o.mirrored.empty() && o.mirrored.size() != static_cast<size_t>(o.features))
    return Fail(Errc::kInternal, "trainer: mirror groups and features differ in number");
  return {};
}

}  // namespace

Result<Learned> FitWithTorch(const WindowSet& train, const WindowSet& validation,
                             const LearnOptions& options,
                             const std::function<void(const Progress&)>& progress) {
  MW_TRY(Check(train, validation, options));
  try {
    at::set_num_threads(options.threads);
    at::globalContext().setDeterministicAlgorithms(true, false);
    torch::manual_seed(options.seed);
    Learned learned = Fit(train, validation, options, progress).Run();
    for (const EpochRecord& e : learned.history)
      if (!std::isfinite(e.train_loss) || !std::isfinite(e.validation_loss))
        return Fail(Errc::kInvalid,
                    "trainer: the loss became infinite; lower training.learning_rate");
    return learned;
  } catch (const std::exception& e) {  // torch throws c10::Error for anything it dislikes
    return Fail(Errc::kInternal, std::string("trainer: torch: ") + e.what());
  }
}

}  // namespace millwright::trainer
