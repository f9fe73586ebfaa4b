// Short recordings of rigs that do not exist: a bearing that is healthy or has one defect, in a
// structure, among other sources and behind a sensor that are all drawn at random. Wide on purpose:
// what a model learns here must hold on rigs that nobody described.
#pragma once

#include <vector>

#include "dsp/bearing.h"
#include "machines/random.h"

namespace millwright::machines {

enum class Defect : uint8_t { kNone, kOuter, kInner, kBall };
constexpr int kDefects = 4;

/// How a rolling element passes a defect.
enum class Strikes : uint8_t {
  kImpulse,    // a short blow
  kBurst,      // rough: a burst of noise
  kEntryExit,  // a spall with two edges: a soft step where it begins, a blow where it ends
};

/// Two worlds that share no geometry, resonance or rate: one to learn from, one to judge in.
enum class World : uint8_t { kAll, kLearn, kJudge };

struct RigRecording {
  Defect defect = Defect::kNone;
  Strikes strikes = Strikes::kImpulse;
  double strength = 0;  // peak of a strike over the deviation of the noise; 0 where healthy
  double rate_hz = 0;
  double shaft_hz = 0;          // as a nameplate or a tachometer tells it: up to 1.4 % off
  dsp::BearingOrders orders{};  // as a catalogue tells them, without slip
  std::vector<float> samples{};
};

/// `seconds` 0: between 0.6 and 3.5, at least 15 turns.
[[nodiscard]] RigRecording DrawRig(Defect defect, Strikes strikes, World world, Random& random,
                                   double seconds = 0);

}  // namespace millwright::machines
