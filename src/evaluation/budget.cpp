#include "evaluation/budget.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "model/tflite.h"
#include "nn/cost_model.h"

namespace millwright::evaluation {

Result<Chosen> ChooseByBudget(std::span<const ShippedModel> models, const Budget& budget) {
  const auto board = std::ranges::find(nn::kBoards, budget.board, &nn::Board::name);
  if (board == nn::kBoards.end())
    return Fail(Errc::kInvalid, "there is no board \"" + budget.board + "\"; there are: pi4, nano");
  Chosen best, smallest;
  for (const ShippedModel& one : models) {
    if (!std::isfinite(one.worth))
      return Fail(Errc::kInvalid,
                  "the study does not say what its models are worth, so none can be "
                  "chosen; compression does");
    MW_TRY(const model::Graph graph, model::ReadTflite(one.tflite));
    const Chosen here{.model = &one, .ms = nn::PredictedMs(graph, *board)};
    const auto size = one.tflite.size();
    if (smallest.model == nullptr || size < smallest.model->tflite.size()) smallest = here;
    if (budget.bytes && static_cast<double>(size) > *budget.bytes) continue;
    if (budget.ms && here.ms > *budget.ms) continue;
    const bool better = best.model == nullptr || one.worth > best.model->worth ||
                        (!(one.worth < best.model->worth) && size < best.model->tflite.size());
    if (better) best = here;
  }
  if (best.model != nullptr) return best;
  if (smallest.model == nullptr)
    return Fail(Errc::kInvalid, "the study has no model to choose from; compression has");
  char text[160];
  std::snprintf(text, sizeof text,
                "no model is within the budget: the smallest has %zu bytes and takes %.3g ms on %s",
                smallest.model->tflite.size(), smallest.ms, budget.board.c_str());
  return Fail(Errc::kNotFound, text);
}

}  // namespace millwright::evaluation
