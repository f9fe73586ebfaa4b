#include "evaluation/fit.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "model/lstm_classifier.h"
#include "model/tflite.h"
#include "trainer/int8_model.h"
#include "trainer/joined_net.h"
#include "trainer/metrics.h"
#include "trainer/quantize.h"
#include "trainer/windows.h"

namespace millwright::evaluation {
namespace {

constexpr size_t kCalibrationWindows = 2000;

// What the integers will see: clipped and rounded, so that the float net learns on it.
std::vector<float> OnGrid(std::span<const float> rows, float scale) {
  std::vector<float> out(rows.size());
  std::ranges::transform(rows, out.begin(), [&](float z) {
    return std::clamp(std::round(z / scale), -127.0F, 127.0F) * scale;
  });
  return out;
}

trainer::WindowSet ToSet(const Samples& samples, std::span<const float> rows) {
  trainer::WindowSet set{.rows = rows};
  const bool values = samples.classes == 1;
  for (size_t i = 0; i < samples.size(); ++i) {
    if (!values && samples.labels[i] < 0) continue;
    set.first.push_back(samples.first[i]);
    set.labels.push_back(values ? 0 : samples.labels[i]);
    if (values) set.targets.push_back(samples.targets[i]);
  }
  return set;
}

// Pearson's.
double Correlation(std::span<const float> a, std::span<const float> b) {
  double sa = 0, sb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    sa += static_cast<double>(a[i]);
    sb += static_cast<double>(b[i]);
  }
  const auto n = static_cast<double>(a.size());
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double x = static_cast<double>(a[i]) - sa / n, y = static_cast<double>(b[i]) - sb / n;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

double Rmse(std::span<const float> guess, std::span<const float> truth) {
  double sum = 0;
  for (size_t i = 0; i < guess.size(); ++i)
    sum += std::pow(static_cast<double>(guess[i]) - static_cast<double>(truth[i]), 2);
  return guess.empty() ? 0 : std::sqrt(sum / static_cast<double>(guess.size()));
}

std::function<void(const trainer::Progress&)> Told(const Say& say, int net, int nets) {
  return [&say, net, nets](const trainer::Progress& p) {
    if (say) say("training", (net + (p.epoch + p.done) / p.epochs) / nets);
  };
}

// What activations reach on the rows that the integers will see.
trainer::Ranges RangesOf(const trainer::LstmNet& net, const Samples& samples, float scale) {
  trainer::LstmRunner runner(net);
  trainer::Ranges ranges;
  std::vector<float> values(static_cast<size_t>(net.classes));
  const size_t stride = std::max<size_t>(1, samples.size() / kCalibrationWindows);
  for (size_t i = 0; i < samples.size(); i += stride)
    runner.Run(OnGrid(samples.Window(i), scale), values, &ranges);
  return ranges;
}

void CompareValues(const std::vector<float>& as_float, const std::vector<float>& as_int8,
                   const Samples& validation, Fitted& out) {
  out.agreement = Correlation(as_float, as_int8);
  out.macro_f1_float = Rmse(as_float, validation.targets);
  out.macro_f1_int8 = Rmse(as_int8, validation.targets);
}

void CompareClasses(const std::vector<float>& as_float, const std::vector<float>& as_int8,
                    const Samples& validation, Fitted& out) {
  const auto classes = static_cast<size_t>(out.net.classes);
  double agree = 0;
  for (size_t i = 0; i < validation.size(); ++i)
    agree += trainer::ArgMax(std::span(as_float).subspan(i * classes, classes)) ==
                     trainer::ArgMax(std::span(as_int8).subspan(i * classes, classes))
                 ? 1
                 : 0;
  out.agreement = agree / static_cast<double>(validation.size());
  out.macro_f1_float = trainer::Measure(as_float, validation.labels, out.net.classes).macro_f1;
  out.macro_f1_int8 = trainer::Measure(as_int8, validation.labels, out.net.classes).macro_f1;
}

Result<void> Check(const Samples& train, const Samples& validation) {
  if (train.size() == 0) return Fail(Errc::kInvalid, "evaluation: no window to train on");
  if (validation.size() == 0) return Fail(Errc::kInvalid, "evaluation: no window to validate on");
  if (train.steps != validation.steps || train.features != validation.features ||
      train.classes != validation.classes)
    return Fail(Errc::kInternal, "evaluation: training and validation windows differ in shape");
  if (train.classes == 1) {
    if (train.targets.size() != train.size() || validation.targets.size() != validation.size())
      return Fail(Errc::kInternal, "evaluation: a window without a target");
  } else if (train.labels.size() != train.size() || validation.labels.size() != validation.size() ||
             std::ranges::min(validation.labels) < 0) {
    return Fail(Errc::kInternal, "evaluation: a window without a label");
  }
  return {};
}

}  // namespace

Result<trainer::LstmNet> LearnNet(const Samples& train, const Samples& validation,
                                  const FitOptions& options, const trainer::Learner& learner,
                                  const Say& say) {
  MW_TRY(Check(train, validation));
  const float scale = trainer::InputScale(options.clip);
  const bool shared = validation.rows == train.rows;
  const std::vector<float> train_rows = OnGrid(*train.rows, scale);
  const std::vector<float> other_rows =
      shared ? std::vector<float>{} : OnGrid(*validation.rows, scale);
  trainer::WindowSet train_set = ToSet(train, train_rows);
  train_set.teacher.assign(options.teacher.begin(), options.teacher.end());
  const trainer::WindowSet validation_set = ToSet(validation, shared ? train_rows : other_rows);
  trainer::LearnOptions o = options.learn;
  o.steps = train.steps;
  o.features = train.features;
  o.classes = train.classes;
  o.regression = train.classes == 1;
  if (!o.regression && o.class_weights.empty())
    o.class_weights = options.balance ? trainer::ClassWeights(train_set.labels, o.classes)
                                      : std::vector<float>(static_cast<size_t>(o.classes), 1);
  std::vector<trainer::LstmNet> nets;
  for (int i = 0; i < options.nets; ++i) {
    o.seed = options.learn.seed + static_cast<uint64_t>(i);
    MW_TRY(trainer::Learned learned,
           learner(train_set, validation_set, o, Told(say, i, options.nets)));
    nets.push_back(std::move(learned.net));
  }
  return trainer::JoinNets(nets);
}

Result<Fitted> QuantizeNet(trainer::LstmNet net, const Samples& calibration,
                           const Samples& validation, double clip,
                           std::optional<double> temperature) {
  const float scale = trainer::InputScale(clip);
  const bool regression = net.regression;
  Fitted out{.net = std::move(net)};
  const trainer::Ranges ranges = RangesOf(out.net, calibration, scale);
  const std::vector<float> as_float = FloatLogits(out.net, validation);
  if (!temperature)
    temperature =
        regression ? 1 : trainer::FitTemperature(as_float, validation.labels, out.net.classes);
  out.temperature = *temperature;
  MW_TRY(const model::QuantizedClassifier quantized,
         trainer::Quantize(out.net, ranges, scale, *temperature));
  MW_TRY(const model::Graph graph, model::MakeGraph(quantized));
  MW_TRY(out.tflite, model::WriteTflite(graph));
  MW_TRY(const std::vector<float> as_int8, Predict(out.tflite, validation));
  (regression ? CompareValues : CompareClasses)(as_float, as_int8, validation, out);
  return out;
}

Result<Fitted> FitInt8(const Samples& train, const Samples& validation, const FitOptions& options,
                       const trainer::Learner& learner, const Say& say) {
  MW_TRY(trainer::LstmNet net, LearnNet(train, validation, options, learner, say));
  return QuantizeNet(std::move(net), train, validation, options.clip);
}

Result<std::vector<float>> Predict(std::span<const std::byte> tflite, const Samples& samples) {
  MW_TRY(trainer::Int8Model model, trainer::Int8Model::Load(tflite));
  const auto width = static_cast<size_t>(samples.classes);
  if (model.input().size() !=
          static_cast<size_t>(samples.steps) * static_cast<size_t>(samples.features) ||
      model.output().size() != width)
    return Fail(Errc::kInvalid, "evaluation: the model takes windows of another shape");
  std::vector<float> out(samples.size() * width);
  for (size_t i = 0; i < samples.size(); ++i)
    model.Run(samples.Window(i), std::span(out).subspan(i * width, width));
  return out;
}

std::vector<float> FloatLogits(const trainer::LstmNet& net, const Samples& samples) {
  trainer::LstmRunner runner(net);
  const auto classes = static_cast<size_t>(net.classes);
  std::vector<float> out(samples.size() * classes);
  for (size_t i = 0; i < samples.size(); ++i)
    runner.Run(samples.Window(i), std::span(out).subspan(i * classes, classes));
  return out;
}

}  // namespace millwright::evaluation
