// Several nets as one: their layers side by side, their logits averaged. The result is an ordinary
// LSTM, so that whatever runs one net runs their mean.
#pragma once

#include <span>

#include "core/result.h"
#include "trainer/lstm_net.h"

namespace millwright::trainer {

/// A net whose logits are the mean of the logits of `nets`: weights in blocks on the diagonal.
/// kInvalid for no net, or nets of different shape.
[[nodiscard]] Result<LstmNet> JoinNets(std::span<const LstmNet> nets);

}  // namespace millwright::trainer
