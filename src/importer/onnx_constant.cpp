#include "importer/onnx_constant.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <span>

#include "importer/onnx.pb.h"

namespace millwright::importer::onnx {
namespace {

// TensorProto.DataType
enum DataType : int32_t { kFloat = 1, kInt32 = 6, kInt64 = 7, kBool = 9, kDouble = 11 };

tl::unexpected<Error> Bad(const std::string& what) { return Fail(Errc::kInvalid, "onnx: " + what); }

template <typename From, typename To>
void CopyRaw(const std::string& raw, std::vector<To>& to) {
  for (size_t at = 0; at + sizeof(From) <= raw.size(); at += sizeof(From)) {
    From value;
    std::memcpy(&value, raw.data() + at, sizeof value);
    to.push_back(static_cast<To>(value));
  }
}

template <typename To, typename List>
void Take(const List& list, std::vector<To>& to) {
  for (const auto value : list) to.push_back(static_cast<To>(value));
}

Result<size_t> CountOf(const std::vector<int64_t>& shape) {
  size_t count = 1;
  if (shape.size() > 8) return Bad("a tensor of too many axes");
  for (const int64_t n : shape) {
    if (n < 0) return Bad("a tensor of negative size");
    const auto size = static_cast<size_t>(n);
    if (size != 0 && count > kValuesMax / size)
      return Fail(Errc::kExhausted,
                  "onnx: a tensor of more than " + std::to_string(kValuesMax) + " values");
    count *= size;
  }
  return count;
}

// How many values lie behind one step along `axis`.
size_t Stride(const std::vector<int64_t>& shape, size_t axis) {
  size_t out = 1;
  for (size_t i = axis + 1; i < shape.size(); ++i) out *= static_cast<size_t>(shape[i]);
  return out;
}

// The values at `from`, in this order, in a new shape.
Constant Pick(const Constant& in, std::vector<int64_t> shape, const std::vector<size_t>& from) {
  Constant out{.shape = std::move(shape), .is_float = in.is_float};
  for (const size_t i : from) {
    if (in.is_float) {
      out.floats.push_back(in.floats[i]);
    } else {
      out.ints.push_back(in.ints[i]);
    }
  }
  return out;
}

// Positions of the entries `chosen` along `axis`.
std::vector<size_t> Positions(const Constant& in, size_t axis, const std::vector<int64_t>& chosen) {
  const size_t inner = Stride(in.shape, axis);
  const size_t block = inner * static_cast<size_t>(in.shape[axis]);
  std::vector<size_t> out;
  for (size_t outer = 0; block > 0 && outer < in.count(); outer += block)
    for (const int64_t i : chosen)
      for (size_t k = 0; k < inner; ++k) out.push_back(outer + static_cast<size_t>(i) * inner + k);
  return out;
}

}  // namespace

Result<Constant> ReadTensor(const TensorProto& proto) {
  const std::string name = "tensor '" + proto.name() + "'";
  if (proto.data_location() != 0)
    return Fail(Errc::kUnsupported,
                "onnx: " + name +
                    " lies in another file; export with the weights inside (external_data=False)");
  Constant out{.shape = {proto.dims().begin(), proto.dims().end()}};
  MW_TRY(const size_t count, CountOf(out.shape));
  const std::string& raw = proto.raw_data();
  switch (proto.data_type()) {
    case kFloat:
      CopyRaw<float>(raw, out.floats);
      Take(proto.float_data(), out.floats);
      break;
    case kDouble:
      CopyRaw<double>(raw, out.floats);
      Take(proto.double_data(), out.floats);
      break;
    case kInt64:
      out.is_float = false;
      CopyRaw<int64_t>(raw, out.ints);
      Take(proto.int64_data(), out.ints);
      break;
    case kInt32:
      out.is_float = false;
      CopyRaw<int32_t>(raw, out.ints);
      Take(proto.int32_data(), out.ints);
      break;
    case kBool:
      out.is_float = false;
      CopyRaw<uint8_t>(raw, out.ints);
      Take(proto.int32_data(), out.ints);
      break;
    default:
      return Fail(Errc::kUnsupported, "onnx: " + name + " is of data type " +
                                          std::to_string(proto.data_type()) +
                                          "; floats of 32 and 64 bits and integers are taken");
  }
  if (out.count() == count) return out;
  return Bad(name + " holds " + std::to_string(out.count()) + " values where its shape says " +
             std::to_string(count));
}

Constant Ints(std::vector<int64_t> values) {
  Constant out{.shape = {static_cast<int64_t>(values.size())}, .is_float = false};
  out.ints = std::move(values);
  return out;
}

Result<size_t> AxisOf(int64_t axis, size_t rank) {
  const auto n = static_cast<int64_t>(rank);
  if (axis < -n || axis >= n) return Bad("an axis that its tensor does not have");
  return static_cast<size_t>(axis < 0 ? axis + n : axis);
}

Cut Clamp(Cut cut, int64_t size) {
  for (int64_t* at : {&cut.start, &cut.end}) {
    if (*at < 0) *at += size;
    *at = std::clamp<int64_t>(*at, 0, size);
  }
  return cut;
}

Result<Constant> SliceConstant(const Constant& in, const Cut& wanted) {
  if (wanted.axis >= in.shape.size() || (wanted.step < 1 && wanted.step != -1))
    return Bad("a Slice that is not taken");
  const int64_t size = in.shape[wanted.axis];
  std::vector<int64_t> chosen;
  if (wanted.step < 0) {
    // Exporters turn lists of pads round; from a given start to the very front is all they need.
    const int64_t start = wanted.start < 0 ? wanted.start + size : wanted.start;
    if (wanted.end >= -size) return Bad("a Slice that is not taken");
    for (int64_t i = std::min(start, size - 1); i >= 0; --i) chosen.push_back(i);
  } else {
    const Cut cut = Clamp(wanted, size);
    for (int64_t i = cut.start; i < cut.end; i += std::min(cut.step, cut.end - i))
      chosen.push_back(i);
  }
  std::vector<int64_t> shape = in.shape;
  shape[wanted.axis] = static_cast<int64_t>(chosen.size());
  return Pick(in, std::move(shape), Positions(in, wanted.axis, chosen));
}

Result<Constant> ConcatConstants(const std::vector<Constant>& parts, int64_t axis) {
  if (parts.empty()) return Bad("a Concat of nothing");
  MW_TRY(const size_t at, AxisOf(axis, parts[0].shape.size()));
  Constant out{.shape = parts[0].shape, .is_float = parts[0].is_float};
  out.shape[at] = 0;
  for (const Constant& part : parts) {
    std::vector<int64_t> rest = part.shape;
    if (rest.size() != out.shape.size() || part.is_float != out.is_float)
      return Bad("a Concat of unlike tensors");
    out.shape[at] += rest[at];
    rest[at] = out.shape[at];
    if (rest != out.shape) return Bad("a Concat of unlike tensors");
  }
  MW_TRY(const size_t count, CountOf(out.shape));
  const size_t block = Stride(out.shape, at) * static_cast<size_t>(out.shape[at]);
  for (size_t outer = 0; block > 0 && outer < count / block; ++outer) {
    for (const Constant& part : parts) {
      const size_t own = Stride(part.shape, at) * static_cast<size_t>(part.shape[at]);
      const auto first = static_cast<std::ptrdiff_t>(outer * own);
      const auto last = static_cast<std::ptrdiff_t>((outer + 1) * own);
      if (part.is_float) {
        out.floats.insert(out.floats.end(), part.floats.begin() + first,
                          part.floats.begin() + last);
      } else {
        out.ints.insert(out.ints.end(), part.ints.begin() + first, part.ints.begin() + last);
      }
    }
  }
  return out;
}

Result<Constant> TransposeConstant(const Constant& in, const std::vector<int64_t>& wanted) {
  const size_t rank = in.shape.size();
  std::vector<int64_t> order = wanted;
  if (order.empty())
    for (size_t i = rank; i > 0; --i) order.push_back(static_cast<int64_t>(i) - 1);
  std::vector<int64_t> sorted = order;
  std::ranges::sort(sorted);
  for (size_t i = 0; i < sorted.size(); ++i)
    if (sorted.size() != rank || sorted[i] != static_cast<int64_t>(i))
      return Bad("a Transpose whose order is none");
  std::vector<int64_t> shape;
  std::vector<size_t> strides;
  for (const int64_t axis : order) {
    shape.push_back(in.shape[static_cast<size_t>(axis)]);
    strides.push_back(Stride(in.shape, static_cast<size_t>(axis)));
  }
  std::vector<size_t> from;
  for (size_t i = 0; i < in.count(); ++i) {
    size_t rest = i, at = 0;
    for (size_t axis = rank; axis-- > 0;) {
      const auto size = static_cast<size_t>(shape[axis]);
      at += rest % size * strides[axis];
      rest /= size;
    }
    from.push_back(at);
  }
  return Pick(in, std::move(shape), from);
}

Result<Constant> GatherConstant(const Constant& in, const Constant& index, int64_t axis) {
  if (index.is_float || index.shape.size() > 1) return Bad("a Gather that is not taken");
  MW_TRY(const size_t at, AxisOf(axis, in.shape.size()));
  std::vector<int64_t> chosen;
  for (const int64_t i : index.ints) {
    chosen.push_back(i < 0 ? i + in.shape[at] : i);
    if (chosen.back() < 0 || chosen.back() >= in.shape[at])
      return Bad("a Gather beyond its tensor");
  }
  std::vector<int64_t> shape = in.shape;
  if (index.shape.empty()) {
    shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(at));
  } else {
    shape[at] = static_cast<int64_t>(chosen.size());
  }
  MW_TRY(const size_t count, CountOf(shape));
  (void)count;
  return Pick(in, std::move(shape), Positions(in, at, chosen));
}

Result<Constant> ReshapeConstant(const Constant& in, const std::vector<int64_t>& wanted) {
  Constant out = in;
  out.shape = wanted;
  int64_t known = 1;
  int64_t* open = nullptr;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == 0 && i < in.shape.size()) out.shape[i] = in.shape[i];
    if (wanted[i] == -1) {
      open = &out.shape[i];
    } else if (__builtin_mul_overflow(known, out.shape[i], &known)) {
      return Bad("a Reshape to another size");
    }
  }
  if (open != nullptr) *open = known > 0 ? static_cast<int64_t>(in.count()) / known : 0;
  MW_TRY(const size_t count, CountOf(out.shape));
  if (count != in.count()) return Bad("a Reshape to another size");
  return out;
}

Result<Constant> FillConstant(const Constant& value, const std::vector<int64_t>& shape) {
  if (value.count() != 1) return Bad("a value to repeat that is not one");
  Constant out{.shape = shape, .is_float = value.is_float};
  MW_TRY(const size_t count, CountOf(shape));
  if (value.is_float) {
    out.floats.assign(count, value.floats[0]);
  } else {
    out.ints.assign(count, value.ints[0]);
  }
  return out;
}

Result<Constant> CombineConstants(const std::string& op, const Constant& a, const Constant& b) {
  const bool fits = a.count() == b.count() || a.count() == 1 || b.count() == 1;
  if (a.is_float != b.is_float || !fits || a.count() == 0 || b.count() == 0)
    return Bad("a " + op + " of unlike constants");
  Constant out = a.count() >= b.count() ? a : b;
  const auto combine = [&op](double x, double y) {
    if (op == "Add") return x + y;
    if (op == "Sub") return x - y;
    return op == "Mul" ? x * y : x / y;
  };
  for (size_t i = 0; i < out.count(); ++i) {
    const size_t x = a.count() == 1 ? 0 : i, y = b.count() == 1 ? 0 : i;
    if (out.is_float) {
      out.floats[i] = static_cast<float>(
          combine(static_cast<double>(a.floats[x]), static_cast<double>(b.floats[y])));
      continue;
    }
    // Sizes of shapes: small, or nobody's.
    const double value = combine(static_cast<double>(a.ints[x]), static_cast<double>(b.ints[y]));
    if (!(std::abs(value) < 1e15)) return Bad("a " + op + " of numbers that are no sizes");
    out.ints[i] = static_cast<int64_t>(value);
  }
  return out;
}

}  // namespace millwright::importer::onnx
