// Structured pruning: whole units go, so that what is left is a smaller LSTM that every engine runs
// faster. Single weights that are zero save nothing on a gateway.
#pragma once

#include "trainer/lstm_net.h"

namespace millwright::trainer {

/// Keeps the `units` of each layer that speak loudest: those whose weights to the next layer, to
/// the classes and back into their own layer are the largest together (their root of squares, each
/// receiver's share weighed alike). A layer that has as many or fewer stays as it is.
[[nodiscard]] LstmNet PruneUnits(const LstmNet& net, int units);

}  // namespace millwright::trainer
