// One bad model after the other: each is sure of itself while its machines are quiet, decides, and
// is taken back when they become loud and it no longer is.
#pragma once

#include <initializer_list>
#include <string>

#include "agent/testing/delivery_hub.h"
#include "gateway.h"
#include "model/lstm_classifier.h"
#include "plant.h"

namespace millwright::bench {

struct Turns {
  int cycles = 1000;
  int rest_every = 10;  // cycles, then nothing is updated for a while: windows far from any swap
  double rest_s = 4;
  double limit_s = 2300;  // of real time, for all of it
};

struct TurnFigures {
  int pushed = 0, swaps = 0, rollbacks = 0, refused = 0;
  int undone = 0;  // was committed before its machines were loud, and taken back by the hub
  bool out_of_time = false;
  double cycle_s_p50 = 0;
  std::string reason;  // of the last one that was taken back
};

class Conductor {
 public:
  Conductor(std::string folder, Gateway& gateway, Plant& plant, Ledger& ledger,
            agent::testing::DeliveryHub& hub, Acker& acker);
  [[nodiscard]] TurnFigures Run(const Turns& turns);
  /// Time passes: the hub works, decisions are read.
  void Live(double seconds);

 private:
  [[nodiscard]] Result<void> Push(const std::string& job, int release);
  [[nodiscard]] std::string WaitFor(const std::string& job,
                                    std::initializer_list<const char*> ends);
  [[nodiscard]] bool OneCycle(int number, TurnFigures& figures);
  void Turn();

  const std::string folder_;
  Gateway& gateway_;
  Plant& plant_;
  Ledger& ledger_;
  agent::testing::DeliveryHub& hub_;
  Acker& acker_;
  const model::QuantizedClassifier bad_;
  os::RealFiles files_;
  Nanos until_ = 0;
};

}  // namespace millwright::bench
