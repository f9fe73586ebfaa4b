// Errors are values: Result<T> is a value or an Error. Header-only on tl::expected; uses only names
// that std::expected has as well, so a newer standard library needs a change in this file alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace millwright {

/// What went wrong, coarsely: enough for a caller to choose between retry, refuse and report.
enum class Errc : uint8_t {
  kInvalid,      // the input breaks its format or a rule
  kUnsupported,  // well-formed, but not something this build can do
  kNotFound,     // what was named does not exist
  kConflict,     // it contradicts what is there
  kExhausted,    // a limit is reached: disk, memory, queue
  kUnavailable,  // the other side does not answer; trying later may help
  kIo,           // the operating system refused
  kInternal,     // ours to fix
};

/// "invalid", "unsupported", ...: for logs and API problems.
[[nodiscard]] std::string_view Name(Errc code);

/// `what` reads "room: what was wrong", e.g. "manifest: format 3 is newer than this program".
struct Error {
  Errc code = Errc::kInternal;
  std::string what;
};

template <typename T>
using Result = tl::expected<T, Error>;

/// Returns an error from a function of any Result type.
[[nodiscard]] inline tl::unexpected<Error> Fail(Errc code, std::string what) {
  return tl::unexpected<Error>(Error{code, std::move(what)});
}

}  // namespace millwright

// MW_TRY(const Manifest manifest, ReadManifest(bytes));   the value, or return its error
// MW_TRY(Check(bytes));                                   for Result<void>
#define MW_TRY(...) MW_TRY_PICK_(__VA_ARGS__, MW_TRY_2_, MW_TRY_1_, unused)(__VA_ARGS__)
#define MW_TRY_PICK_(a, b, name, ...) name
#define MW_TRY_CAT_2_(a, b) a##b
#define MW_TRY_CAT_(a, b) MW_TRY_CAT_2_(a, b)
#define MW_TRY_1_(expression)                                                    \
  do {                                                                           \
    auto mw_try_result = (expression);                                           \
    if (!mw_try_result) return tl::unexpected(std::move(mw_try_result).error()); \
  } while (false)
#define MW_TRY_2_(declaration, expression)                                    \
  auto MW_TRY_CAT_(mw_try_, __LINE__) = (expression);                         \
  if (!MW_TRY_CAT_(mw_try_, __LINE__))                                        \
    return tl::unexpected(std::move(MW_TRY_CAT_(mw_try_, __LINE__)).error()); \
  declaration = std::move(*MW_TRY_CAT_(mw_try_, __LINE__))
