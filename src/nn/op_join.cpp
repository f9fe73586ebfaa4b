// CONCATENATION, PACK and PAD: tensors laid into a larger one.
#include <string>

#include "nn/move_kernel.h"
#include "nn/op_checks.h"

namespace millwright::nn {
namespace {

using model::Tensor;
using model::TensorType;

constexpr size_t kInputsMax = 4096;

// Inputs may be constants, but one of them is computed.
Result<void> CheckJoined(const OpView& op) {
  MW_TRY(CheckAllPresent(op, {1, kInputsMax}));
  bool computed = false;
  for (size_t i = 0; i < op.op().inputs.size(); ++i) {
    const Tensor& input = op.input(i);
    if (model::ElementCount(input.shape) == 0) return op.Invalid("an empty tensor");
    MW_TRY(CheckSameType(op, input, op.output()));
    computed = computed || input.data.empty();
  }
  if (!computed) return op.Unsupported("only constants as inputs");
  return CheckWritten(op, op.output());
}

// The peer moves int8 values as they are and refuses other scales; of uint8 it rescales some.
Result<void> CheckJoinedScales(const OpView& op) {
  for (size_t i = 0; i < op.op().inputs.size(); ++i) {
    if (op.output().type == TensorType::kUint8 || op.output().type == TensorType::kInt8)
      MW_TRY(CheckSameScale(op, op.input(i), op.output()));
  }
  return {};
}

// The value of a padding element, which must be the same in all its bytes.
Result<uint8_t> PaddingByte(const OpView& op) {
  const Tensor& output = op.output();
  const auto& zero_points = output.quantization.zero_points;
  const int64_t zero_point = zero_points.size() == 1 ? zero_points[0] : 0;
  if (model::ElementBytes(output.type) == 1) return static_cast<uint8_t>(zero_point);
  if (zero_point != 0) return op.Unsupported("a zero point in a type wider than a byte");
  return uint8_t{0};
}

}  // namespace

KernelResult MakeConcatenation(const OpView& op) {
  MW_TRY(const auto* options, OptionsOf<model::ConcatenationOptions>(op));
  if (options->activation != model::Activation::kNone) return op.Unsupported("a fused activation");
  MW_TRY(CheckJoined(op));
  MW_TRY(CheckJoinedScales(op));
  const std::vector<int32_t>& whole = op.output().shape;
  MW_TRY(const size_t along, ResolveAxis(op, options->axis, whole.size()));
  std::vector<int32_t> begin(whole.size(), 0);
  std::vector<Move> moves;
  for (size_t i = 0; i < op.op().inputs.size(); ++i) {
    std::vector<int32_t> part = whole;
    if (op.input(i).shape.size() == whole.size()) part[along] = op.input(i).shape[along];
    MW_TRY(op.CheckShape(op.input(i), part, "an input"));
    if (part[along] > whole[along] - begin[along])
      return op.Invalid("inputs that together are longer than its output");
    moves.push_back(MoveIntoBox(op, op.input_index(i), op.output_index(), {part, begin}));
    begin[along] += part[along];
  }
  if (begin[along] != whole[along])
    return op.Invalid("inputs that together are shorter than its output");
  return std::make_unique<const MoveKernel>(std::move(moves));
}

KernelResult MakePack(const OpView& op) {
  MW_TRY(const auto* options, OptionsOf<model::StackOptions>(op));
  MW_TRY(CheckJoined(op));
  const size_t count = op.op().inputs.size();
  if (options->count < 0 || static_cast<size_t>(options->count) != count)
    return op.Invalid("a number of values that is not its number of inputs");
  std::vector<int32_t> whole = op.input(0).shape;
  MW_TRY(const size_t along, ResolveAxis(op, options->axis, whole.size() + 1));
  whole.insert(whole.begin() + static_cast<std::ptrdiff_t>(along), static_cast<int32_t>(count));
  MW_TRY(op.CheckShape(op.output(), whole, "its output"));
  std::vector<int32_t> part = whole, begin(whole.size(), 0);
  part[along] = 1;
  std::vector<Move> moves;
  for (size_t i = 0; i < count; ++i, ++begin[along]) {
    MW_TRY(op.CheckShape(op.input(i), op.input(0).shape, "an input"));
    MW_TRY(CheckSameScale(op, op.input(i), op.output()));
    moves.push_back(MoveIntoBox(op, op.input_index(i), op.output_index(), {part, begin}));
  }
  return std::make_unique<const MoveKernel>(std::move(moves));
}

KernelResult MakePad(const OpView& op) {
  MW_TRY(CheckAllPresent(op, {2, 2}));
  const Tensor& input = op.input(0);
  MW_TRY(CheckComputed(op, input));
  MW_TRY(CheckWritten(op, op.output()));
  MW_TRY(CheckSameType(op, input, op.output()));
  MW_TRY(const std::vector<int32_t> paddings, ConstantInts(op, 1, "the paddings"));
  const size_t rank = input.shape.size();
  const std::vector<int32_t> two_columns{static_cast<int32_t>(rank), 2};
  MW_TRY(op.CheckShape(op.input(1), two_columns, "the paddings"));
  std::vector<int32_t> begin;
  for (size_t i = 0; i < rank; ++i) {
    const int64_t before = paddings[2 * i], after = paddings[2 * i + 1];
    if (before < 0 || after < 0) return op.Invalid("a negative padding");
    if (op.output().shape.size() != rank || before + input.shape[i] + after != op.output().shape[i])
      return op.Invalid("an output that is not its input and the paddings");
    begin.push_back(paddings[2 * i]);
  }
  MW_TRY(const uint8_t value, PaddingByte(op));
  const Fill fill{op.output_index(), model::ByteCount(op.output()), value};
  return std::make_unique<const MoveKernel>(
      std::vector{MoveIntoBox(op, op.input_index(0), op.output_index(), {input.shape, begin})},
      fill);
}

}  // namespace millwright::nn
