// The INT8 model as the gateway runs it: standardised window in, class probabilities out, through
// nn::Engine.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "core/result.h"
#include "nn/engine.h"
#include "nn/session.h"

namespace millwright::trainer {

class Int8Model {
 public:
  [[nodiscard]] static Result<Int8Model> Load(std::span<const std::byte> tflite);
  /// `window` [steps x features], `probabilities` [classes]. Every window starts from zero state.
  void Run(std::span<const float> window, std::span<float> probabilities);
  [[nodiscard]] float input_scale() const { return engine_->input().scale; }
  /// The int8 input and output of the last Run.
  [[nodiscard]] const std::vector<int8_t>& input() const { return input_; }
  [[nodiscard]] const std::vector<int8_t>& output() const { return output_; }

 private:
  explicit Int8Model(std::shared_ptr<const nn::Engine> engine);
  std::shared_ptr<const nn::Engine> engine_;
  nn::Session session_;
  std::vector<int8_t> input_, output_;
};

}  // namespace millwright::trainer
