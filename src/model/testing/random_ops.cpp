#include "model/testing/random_ops.h"

#include <numeric>

#include "model/testing/graph_maker.h"

namespace millwright::model::testing {
namespace {

using Shape = std::vector<int32_t>;

class OpsMaker : private GraphMaker {
 public:
  explicit OpsMaker(const RandomOpsOptions& options)
      : GraphMaker(options.seed), options_(options) {}

  Graph Make() {
    graph_.description = "random operators " + std::to_string(options_.seed);
    const int32_t batch = random_.Chance(0.6) ? 1 : random_.Between(2, 3);
    Shape shape{batch, random_.Between(1, 12), random_.Between(1, 10)};
    if (random_.Chance(0.5)) shape.push_back(random_.Between(1, 9));
    last_ = Add(Quantized(TensorType::kInt8, shape, Scale(-7, -3), ZeroPoint()));
    graph_.inputs.push_back(last_);
    const int32_t count = random_.Between(options_.ops / 2 + 1, options_.ops + 3);
    for (int32_t i = 0; i < count; ++i) Step();
    graph_.outputs.push_back(last_);
    return std::move(graph_);
  }

 private:
  const Shape& ShapeOf() { return At(last_).shape; }
  int32_t Rank() { return static_cast<int32_t>(ShapeOf().size()); }
  int32_t Elements() { return static_cast<int32_t>(ElementCount(ShapeOf())); }

  // A tensor like the last one, with its scale or another.
  int32_t Like(Shape shape) {
    Tensor tensor = Quantized(TensorType::kInt8, std::move(shape), 1, 0);
    tensor.quantization = At(last_).quantization;
    return Add(std::move(tensor));
  }
  int32_t Rescaled(Shape shape) {
    const auto scale = static_cast<float>(ScaleOf(last_) * random_.Real(0.3, 3));
    return Add(Quantized(TensorType::kInt8, std::move(shape), scale, ZeroPoint()));
  }
  void Then(OpCode code, std::vector<int32_t> inputs, int32_t output, OpOptions options = {}) {
    AddOp(code, std::move(inputs), output, std::move(options));
    last_ = output;
  }
  Activation AnyActivation() {
    return random_.Pick({Activation::kNone, Activation::kNone, Activation::kRelu,
                         Activation::kRelu6, Activation::kReluN1To1});
  }
  int32_t AxisNamed(int32_t axis, int32_t rank) { return random_.Chance(0.3) ? axis - rank : axis; }

  void Step() {
    switch (random_.Between(0, 15)) {
      case 0:
        return Clamp();
      case 1:
        return Reshape();
      case 2:
        return OneMoreOrLess();
      case 3:
        return Slice();
      case 4:
        return SplitAndJoin();
      case 5:
        return UnpackAndPack();
      case 6:
        return Transpose();
      case 7:
        return Reverse();
      case 8:
        return Pad();
      case 9:
      case 10:
        return Arithmetic();
      case 11:
        return Reduce();
      case 12:
        return Window(random_.Chance(0.5));
      case 13:
        return Pool();
      default:
        return Lstm();
    }
  }

  void Clamp() {
    const OpCode code =
        random_.Pick({OpCode::kTanh, OpCode::kRelu, OpCode::kRelu6, OpCode::kReluN1To1});
    const int32_t output = code == OpCode::kTanh && random_.Chance(0.6)
                               ? Add(Quantized(TensorType::kInt8, ShapeOf(), 1.0F / 128, 0))
                               : Rescaled(ShapeOf());
    Then(code, {last_}, output);
  }

  // To so many dimensions, whatever fits.
  void Reshape(int32_t rank = 0) {
    if (rank == 0) rank = random_.Between(2, 4);
    Shape shape;
    int32_t left = Elements();
    for (int32_t i = 1; i < rank; ++i) {
      int32_t part = random_.Between(1, 8);
      while (left % part != 0) --part;
      shape.push_back(part);
      left /= part;
    }
    shape.insert(shape.begin() + random_.Between(0, rank - 1), left);
    Then(OpCode::kReshape, {last_, Int32Constant(shape)}, Like(shape), ReshapeOptions{});
  }

  void OneMoreOrLess() {
    Shape shape = ShapeOf();
    const auto one = std::find(shape.begin(), shape.end(), 1);
    if (one != shape.end() && shape.size() > 1) {
      SqueezeOptions options;
      const auto axis = static_cast<int32_t>(one - shape.begin());
      if (random_.Chance(0.7) || Elements() == 1) {
        options.axes = {AxisNamed(axis, Rank())};
        shape.erase(one);
      } else {
        std::erase(shape, 1);
      }
      return Then(OpCode::kSqueeze, {last_}, Like(shape), options);
    }
    if (Rank() >= 4) return;
    const int32_t axis = random_.Between(0, Rank());
    shape.insert(shape.begin() + axis, 1);
    Then(OpCode::kExpandDims, {last_, Int32Constant({AxisNamed(axis, Rank() + 1)})}, Like(shape));
  }

  void Slice() {
    Shape begin, size, shape;
    for (const int32_t extent : ShapeOf()) {
      begin.push_back(random_.Between(0, extent - 1));
      shape.push_back(random_.Between(1, extent - begin.back()));
      size.push_back(shape.back() == extent - begin.back() && random_.Chance(0.5) ? -1
                                                                                  : shape.back());
    }
    Then(OpCode::kSlice, {last_, Int32Constant(begin), Int32Constant(size)}, Like(shape));
  }

  void SplitAndJoin() {
    const int32_t axis = random_.Between(0, Rank() - 1);
    Shape part = ShapeOf();
    int32_t& extent = part[static_cast<size_t>(axis)];
    int32_t count = random_.Between(1, 4);
    while (extent % count != 0) --count;
    extent /= count;
    std::vector<int32_t> parts;
    for (int32_t i = 0; i < count; ++i) parts.push_back(Like(part));
    AddOp(OpCode::kSplit, {Int32Constant({AxisNamed(axis, Rank())}), last_}, parts,
          SplitOptions{count});
    std::rotate(parts.begin(), parts.begin() + random_.Between(0, count - 1), parts.end());
    const int32_t along = random_.Between(0, Rank() - 1);
    Shape whole = part;
    whole[static_cast<size_t>(along)] *= count;
    Then(OpCode::kConcatenation, parts, Like(whole),
         ConcatenationOptions{.axis = AxisNamed(along, Rank())});
  }

  void UnpackAndPack() {
    const int32_t axis = random_.Between(0, Rank() - 1);
    const int32_t count = ShapeOf()[static_cast<size_t>(axis)];
    if (count > 12 || Rank() < 2) return;
    Shape part = ShapeOf();
    part.erase(part.begin() + axis);
    std::vector<int32_t> parts;
    for (int32_t i = 0; i < count; ++i) parts.push_back(Like(part));
    AddOp(OpCode::kUnpack, {last_}, parts, StackOptions{count, AxisNamed(axis, Rank())});
    const int32_t along = random_.Between(0, Rank() - 1);
    Shape whole = part;
    whole.insert(whole.begin() + along, count);
    Then(OpCode::kPack, parts, Like(whole), StackOptions{count, AxisNamed(along, Rank())});
  }

  void Transpose() {
    Shape order(ShapeOf().size());
    std::iota(order.begin(), order.end(), 0);
    for (size_t i = order.size(); i-- > 1;)
      std::swap(order[i], order[static_cast<size_t>(random_.Between(0, static_cast<int32_t>(i)))]);
    Shape shape;
    for (const int32_t axis : order) shape.push_back(ShapeOf()[static_cast<size_t>(axis)]);
    Then(OpCode::kTranspose, {last_, Int32Constant(order)}, Like(shape));
  }

  void Reverse() {
    const int32_t axis = random_.Between(0, Rank() - 1);
    Then(OpCode::kReverseV2, {last_, Int32Constant({AxisNamed(axis, Rank())})}, Like(ShapeOf()));
  }

  void Pad() {
    Shape shape = ShapeOf(), paddings;
    for (int32_t& extent : shape) {
      for (int side = 0; side < 2; ++side) {
        paddings.push_back(random_.Chance(0.6) ? 0 : random_.Between(1, 3));
        extent += paddings.back();
      }
    }
    if (static_cast<int32_t>(ElementCount(shape)) > options_.elements_max) return;
    const int32_t list = Int32Constant(paddings);
    At(list).shape = {Rank(), 2};
    Then(OpCode::kPad, {last_, list}, Like(shape));
  }

  // Another operand whose shape goes with the last one's: constant, or the last one in other
  // clothes.
  int32_t Operand() {
    if (random_.Chance(0.3)) {
      const int32_t other = Rescaled(ShapeOf());
      AddOp(OpCode::kRelu, {last_}, other, {});
      return other;
    }
    Shape shape = ShapeOf();
    if (random_.Chance(0.5)) {
      for (int32_t& extent : shape) extent = random_.Chance(0.5) ? 1 : extent;
    }
    while (!shape.empty() && random_.Chance(0.3)) shape.erase(shape.begin());
    Tensor tensor = Quantized(TensorType::kInt8, shape, Scale(-8, -3), ZeroPoint());
    tensor.data = Bytes(Weights(static_cast<int32_t>(ElementCount(shape))));
    return Add(std::move(tensor));
  }

  void Arithmetic() {
    const OpCode code = random_.Pick({OpCode::kAdd, OpCode::kSub, OpCode::kMul});
    std::vector<int32_t> inputs{last_, Operand()};
    if (random_.Chance(0.4)) std::swap(inputs[0], inputs[1]);
    const double reach =
        code == OpCode::kMul ? 60.0 * static_cast<double>(ScaleOf(inputs[0])) : 1.0;
    const auto scale =
        static_cast<float>(static_cast<double>(ScaleOf(inputs[1])) * reach * random_.Real(0.3, 3));
    const int32_t output = Add(Quantized(TensorType::kInt8, ShapeOf(), scale, ZeroPoint()));
    Then(code, inputs, output, ArithmeticOptions{.activation = AnyActivation()});
  }

  void Reduce() {
    if (Elements() < 8) return;
    const bool keep = random_.Chance(0.5), largest = random_.Chance(0.4);
    Shape axes, shape;
    for (int32_t i = 0; i < Rank(); ++i) {
      const bool reduced = random_.Chance(0.4);
      if (reduced) axes.push_back(AxisNamed(i, Rank()));
      if (!reduced) shape.push_back(ShapeOf()[static_cast<size_t>(i)]);
      if (reduced && keep) shape.push_back(1);
    }
    if (shape.empty() || axes.empty()) return;
    const int32_t list = Int32Constant(axes);
    Then(largest ? OpCode::kReduceMax : OpCode::kMean, {last_, list},
         largest ? Like(shape) : Rescaled(shape), ReduceOptions{.keep_dims = keep});
  }

  void MakeImage() {
    if (Rank() != 4) Reshape(4);
  }

  // One axis of a window over `size` positions; 0 where it has no output.
  static int32_t OutExtent(Padding padding, int32_t size, int32_t stride, int32_t span) {
    if (padding == Padding::kSame) return (size + stride - 1) / stride;
    return size < span ? 0 : (size - span) / stride + 1;
  }

  int32_t Filter(Shape shape, int32_t axis, int32_t columns) {
    const auto count = static_cast<int32_t>(ElementCount(shape));
    const std::vector<int8_t> weights = Weights(count);
    const float scale = WeightScale(weights, columns, ScaleOf(last_), random_.Real(0.5, 4));
    const int32_t channels = shape[static_cast<size_t>(axis)];
    Tensor tensor = Quantized(TensorType::kInt8, std::move(shape), scale, 0);
    tensor.data = Bytes(weights);
    if (random_.Chance(0.7)) {
      tensor.quantization = {.axis = axis};
      for (int32_t c = 0; c < channels; ++c)
        tensor.quantization.scales.push_back(static_cast<float>(scale * random_.Real(0.3, 1.6)));
      tensor.quantization.zero_points.assign(static_cast<size_t>(channels), 0);
    }
    return Add(std::move(tensor));
  }

  // CONV_2D (sometimes in groups) or DEPTHWISE_CONV_2D.
  void Window(bool depthwise) {
    MakeImage();
    const Shape in = ShapeOf();
    Conv2dOptions o{.padding = random_.Pick({Padding::kSame, Padding::kValid}),
                    .stride_width = random_.Between(1, 3),
                    .stride_height = random_.Between(1, 3),
                    .dilation_width = random_.Pick({1, 1, 1, 2}),
                    .dilation_height = random_.Pick({1, 1, 1, 2}),
                    .activation = AnyActivation()};
    const int32_t height = random_.Between(1, 4), width = random_.Between(1, 4);
    const int32_t groups = !depthwise && in[3] % 2 == 0 && random_.Chance(0.2) ? 2 : 1;
    const int32_t outputs =
        depthwise ? in[3] * random_.Between(1, 2) : groups * random_.Between(1, 8);
    const Shape out{
        in[0], OutExtent(o.padding, in[1], o.stride_height, (height - 1) * o.dilation_height + 1),
        OutExtent(o.padding, in[2], o.stride_width, (width - 1) * o.dilation_width + 1), outputs};
    const auto elements = static_cast<int32_t>(ElementCount(out));
    if (elements == 0 || elements > options_.elements_max) return;
    const int32_t filter = depthwise ? Filter({1, height, width, outputs}, 3, height * width)
                                     : Filter({outputs, height, width, in[3] / groups}, 0,
                                              height * width * in[3] / groups);
    std::vector<int32_t> inputs{last_, filter};
    // The peer wants a bias on CONV_2D.
    if (!depthwise || random_.Chance(0.6))
      inputs.push_back(BiasTensor(outputs, ScaleOf(last_) * ScaleOf(filter), 1));
    const int32_t output = Add(Quantized(TensorType::kInt8, out, Scale(-7, -2), ZeroPoint()));
    if (!depthwise) return Then(OpCode::kConv2d, inputs, output, o);
    Then(OpCode::kDepthwiseConv2d, inputs, output,
         DepthwiseConv2dOptions{.conv = o, .depth_multiplier = outputs / in[3]});
  }

  void Pool() {
    MakeImage();
    const Shape in = ShapeOf();
    const Pool2dOptions o{.padding = random_.Pick({Padding::kSame, Padding::kValid}),
                          .stride_width = random_.Between(1, 3),
                          .stride_height = random_.Between(1, 3),
                          .filter_width = random_.Between(1, 4),
                          .filter_height = random_.Between(1, 4),
                          .activation = AnyActivation()};
    const Shape out{in[0], OutExtent(o.padding, in[1], o.stride_height, o.filter_height),
                    OutExtent(o.padding, in[2], o.stride_width, o.filter_width), in[3]};
    if (ElementCount(out) == 0) return;
    Then(random_.Pick({OpCode::kMaxPool2d, OpCode::kAveragePool2d}), {last_}, Like(out), o);
  }

  int32_t Int16Tensor(int32_t units, int32_t low, int32_t high, double scale) {
    std::vector<int16_t> values(static_cast<size_t>(units));
    for (int16_t& value : values) value = static_cast<int16_t>(random_.Between(low, high));
    Tensor tensor = Quantized(TensorType::kInt16, {units}, static_cast<float>(scale / 32767), 0);
    tensor.data = Bytes(values);
    return Add(std::move(tensor));
  }

  int32_t StateTensor(TensorType type, Shape shape, float scale, int64_t zero_point) {
    Tensor tensor = Quantized(type, std::move(shape), scale, zero_point);
    tensor.is_variable = true;
    return Add(std::move(tensor));
  }

  struct Variant {
    bool cifg = false, peephole = false, norm = false, projection = false, time_major = false;
  };

  void Lstm() {
    if (Rank() != 3) Reshape(3);
    const Variant v{random_.Chance(0.4), random_.Chance(0.4), random_.Chance(0.4),
                    random_.Chance(0.4), random_.Chance(0.4)};
    const Shape in = ShapeOf();
    if (in[0] * in[1] > 400) return;
    const int32_t batch = in[v.time_major ? 1 : 0], inputs = in[2];
    const int32_t units = random_.Between(1, 40);
    const int32_t outputs = v.projection ? random_.Between(1, units) : units;
    const auto output_scale = static_cast<float>(random_.Real(0.3, 1.2) / 128);
    const int32_t zero_point = random_.Between(-20, 20);
    std::vector<int32_t> list(kLstmInputs, -1);
    list[kLstmInput] = last_;
    std::vector<int32_t> intermediates;
    for (size_t g = 0; g < 4; ++g)
      intermediates.push_back(AddGate(list, v, g, {inputs, units, outputs}, output_scale));
    const float hidden_scale =
        v.projection ? static_cast<float>(random_.Real(0.5, 1.2) / 128) : output_scale;
    const int32_t hidden_zero_point = v.projection ? random_.Between(-9, 9) : zero_point;
    intermediates.push_back(
        Add(Quantized(TensorType::kInt8, {units}, hidden_scale, hidden_zero_point)));
    if (v.projection) {
      list[kLstmProjectionWeights] =
          WeightTensor(outputs, units, hidden_scale, random_.Real(0.3, 1.5));
      const float scale = ScaleOf(list[kLstmProjectionWeights]) * hidden_scale;
      if (random_.Chance(0.7)) list[kLstmProjectionBias] = BiasTensor(outputs, scale, 0.1);
    }
    list[kLstmOutputState] =
        StateTensor(TensorType::kInt8, {batch, outputs}, output_scale, zero_point);
    list[kLstmCellState] = StateTensor(TensorType::kInt16, {batch, units},
                                       std::ldexp(1.0F, -random_.Between(9, 15)), 0);
    const int32_t output =
        Add(Quantized(TensorType::kInt8, {in[0], in[1], outputs}, output_scale, zero_point));
    const LstmOptions options{
        .cell_clip = random_.Pick({0.0F, 10.0F, 0.6F}),
        .projection_clip = v.projection ? random_.Pick({0.0F, 0.0F, 0.5F}) : 0.0F,
        .time_major = v.time_major};
    Then(OpCode::kUnidirectionalSequenceLstm, list, output, options);
    graph_.ops.back().intermediates = intermediates;
  }

  struct Sizes {
    int32_t inputs, units, outputs;
  };

  // Fills the gate's inputs; returns its intermediate tensor.
  int32_t AddGate(std::vector<int32_t>& list, const Variant& v, size_t g, const Sizes& s,
                  float output_scale) {
    const double gate_scale = v.norm ? random_.Real(0.5, 2) / 4096 : 1.0 / 4096;
    if (g > 0 || !v.cifg) {
      const int32_t x = WeightTensor(s.units, s.inputs, ScaleOf(last_), random_.Real(0.2, 4));
      const int32_t h = WeightTensor(s.units, s.outputs, output_scale, random_.Real(0.2, 3));
      list[kLstmInputWeights + g] = x;
      list[kLstmRecurrentWeights + g] = h;
      float bias_scale = ScaleOf(x) * ScaleOf(last_);
      if (v.norm) {
        const int32_t norm = Int16Tensor(s.units, -4000, 32767, random_.Real(0.5, 2));
        list[kLstmLayerNorm + g] = norm;
        bias_scale = ScaleOf(norm) / 1024;
      }
      list[kLstmBias + g] = BiasTensor(s.units, bias_scale, random_.Pick({0.1, 1.0}));
      const size_t peephole = g == 3 ? 2 : g;
      if (v.peephole && g != 2)
        list[kLstmPeephole + peephole] = Int16Tensor(s.units, -32767, 32767, random_.Real(0.3, 2));
    }
    return Add(Quantized(TensorType::kInt16, {s.units}, static_cast<float>(gate_scale), 0));
  }

  RandomOpsOptions options_;
  int32_t last_ = 0;
};

}  // namespace

Graph RandomOps(const RandomOpsOptions& options) { return OpsMaker(options).Make(); }

}  // namespace millwright::model::testing
