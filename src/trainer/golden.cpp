#include "trainer/golden.h"

#include <cstring>

#include "crypto/sha256.h"

namespace millwright::trainer {

void MakeGolden(std::span<const std::span<const float>> windows, Int8Model& model,
                Trained& trained) {
  std::vector<float> p(model.output().size());
  std::vector<int8_t> inputs, outputs;
  for (const std::span<const float> window : windows) {
    model.Run(window, p);
    inputs.insert(inputs.end(), model.input().begin(), model.input().end());
    outputs.insert(outputs.end(), model.output().begin(), model.output().end());
  }
  inputs.insert(inputs.end(), outputs.begin(), outputs.end());
  trained.golden.resize(inputs.size());
  std::memcpy(trained.golden.data(), inputs.data(), inputs.size());
  trained.manifest.golden = {.sha256 = crypto::Sha256Hex(trained.golden),
                             .count = static_cast<int>(windows.size())};
}

}  // namespace millwright::trainer
