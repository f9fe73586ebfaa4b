#include "nn/window.h"

#include <algorithm>
#include <array>
#include <string>

namespace millwright::nn {
namespace {

using reference::WindowAxis;

struct AxisSpec {
  int64_t size = 0, stride = 0, dilation = 0, filter = 0;
  int32_t out = 0;
};

Result<WindowAxis> MakeAxis(const OpView& op, model::Padding padding, const AxisSpec& a) {
  if (a.stride < 1 || a.dilation < 1 || a.filter < 1)
    return op.Invalid("a stride, dilation or filter size below 1");
  const int64_t span = (a.filter - 1) * a.dilation + 1;
  int64_t out = 0, before = 0;
  switch (padding) {
    case model::Padding::kSame:
      out = (a.size + a.stride - 1) / a.stride;
      before = std::max<int64_t>((out - 1) * a.stride + span - a.size, 0) / 2;
      break;
    case model::Padding::kValid:
      out = a.size < span ? 0 : (a.size - span) / a.stride + 1;
      break;
    default:
      return op.Unsupported("a padding other than SAME and VALID");
  }
  if (out < 1 || out != a.out) {
    return op.Invalid("an output extent of " + std::to_string(a.out) + " where the window makes " +
                      std::to_string(out));
  }
  return WindowAxis{.size = a.size,
                    .out = out,
                    .stride = a.stride,
                    .dilation = a.dilation,
                    .filter = a.filter,
                    .before = before};
}

}  // namespace

Result<reference::Window> MakeWindow(const OpView& op, const WindowSpec& spec,
                                     int32_t out_channels) {
  const std::vector<int32_t>& in = op.input(0).shape;
  const std::vector<int32_t>& out = op.output().shape;
  if (in.size() != 4 || out.size() != 4) {
    return op.Invalid("shapes " + model::ShapeText(in) + " and " + model::ShapeText(out) +
                      "; it needs [batch,height,width,channels]");
  }
  MW_TRY(op.CheckShape(op.output(), std::array{in[0], out[1], out[2], out_channels}, "its output"));
  reference::Window window{.batch = in[0], .channels = in[3], .out_channels = out_channels};
  MW_TRY(window.y,
         MakeAxis(op, spec.padding,
                  {in[1], spec.stride_height, spec.dilation_height, spec.filter_height, out[1]}));
  MW_TRY(window.x,
         MakeAxis(op, spec.padding,
                  {in[2], spec.stride_width, spec.dilation_width, spec.filter_width, out[2]}));
  return window;
}

}  // namespace millwright::nn
