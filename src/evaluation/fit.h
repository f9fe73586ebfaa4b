// Samples in, an INT8 model out, and what it says: the same quantizer, writer and engine as for a
// model that ships.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "evaluation/samples.h"
#include "trainer/learner.h"

namespace millwright::evaluation {

/// What a person watching sees; may be empty.
using Say = std::function<void(std::string_view stage, double share)>;

struct FitOptions {
  trainer::LearnOptions learn{};     // steps, features, classes, class weights are filled in
  double clip = 8;                   // inputs beyond are clipped; the INT8 grid spans +-clip
  int nets = 1;                      // more: nets of successive seeds, joined into their mean
  std::span<const float> teacher{};  // [training windows x classes] logits to follow; or empty
  bool balance = true;               // class weights by how rare a class is; else all one
};

struct Fitted {
  trainer::LstmNet net{};
  std::vector<std::byte> tflite{};
  double agreement = 0;  // share of validation windows on which float and INT8 say the same class;
                         // regression: the correlation of their values
  double temperature = 1;                        // folded into the last layer
  double macro_f1_float = 0, macro_f1_int8 = 0;  // on the validation windows; regression: RMSE
};

/// The float net alone: of several seeds their mean.
[[nodiscard]] Result<trainer::LstmNet> LearnNet(const Samples& train, const Samples& validation,
                                                const FitOptions& options,
                                                const trainer::Learner& learner, const Say& say);

/// Quantizes a net by what activations reach on `calibration`; parity on `validation`. Without a
/// `temperature` it is fitted there.
[[nodiscard]] Result<Fitted> QuantizeNet(trainer::LstmNet net, const Samples& calibration,
                                         const Samples& validation, double clip,
                                         std::optional<double> temperature = {});

/// Both: trains, fits the temperature on `validation`, quantizes. Windows without a label do not
/// train.
[[nodiscard]] Result<Fitted> FitInt8(const Samples& train, const Samples& validation,
                                     const FitOptions& options, const trainer::Learner& learner,
                                     const Say& say);

/// What the INT8 model says: probabilities [n x classes]; regression: values [n].
[[nodiscard]] Result<std::vector<float>> Predict(std::span<const std::byte> tflite,
                                                 const Samples& samples);

/// The same by the float net; logits [n x classes].
[[nodiscard]] std::vector<float> FloatLogits(const trainer::LstmNet& net, const Samples& samples);

}  // namespace millwright::evaluation
