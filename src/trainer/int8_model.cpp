#include "trainer/int8_model.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"

namespace millwright::trainer {

Result<Int8Model> Int8Model::Load(std::span<const std::byte> tflite) {
  MW_TRY(auto engine, nn::Engine::Load(tflite));
  if (engine->input_count() != 1 || engine->output_count() != 1 ||
      engine->input().type != model::TensorType::kInt8 ||
      engine->output().type != model::TensorType::kInt8)
    return Fail(Errc::kUnsupported,
                "trainer: the model has not one int8 input and one int8 output");
  return Int8Model(std::move(engine));
}

Int8Model::Int8Model(std::shared_ptr<const nn::Engine> engine)
    : engine_(engine),
      session_(std::move(engine)),
      input_(engine_->input().bytes),
      output_(engine_->output().bytes) {}

void Int8Model::Run(std::span<const float> window, std::span<float> probabilities) {
  MW_CHECK(window.size() == input_.size() && probabilities.size() == output_.size());
  const nn::TensorInfo& in = engine_->input();
  const nn::TensorInfo& out = engine_->output();
  std::ranges::transform(window, input_.begin(), [&](float z) {
    const float q = std::round(z / in.scale) + static_cast<float>(in.zero_point);
    return static_cast<int8_t>(std::clamp(q, -128.0F, 127.0F));
  });
  session_.ResetState();
  session_.Run(input_, output_);
  std::ranges::transform(output_, probabilities.begin(), [&](int8_t q) {
    return static_cast<float>(static_cast<int>(q) - out.zero_point) * out.scale;
  });
}

}  // namespace millwright::trainer
