// TOML configuration with errors a person can act on: every fault of a file in one go, each with
// file, line, column and key; unknown keys come with the nearest valid one.
//
//   MW_TRY(config::File file, config::File::Parse(text, "agent.toml"));
//   config::Table device = file.root().Section("device");
//   options.id = device.String("id");                                         // required
//   options.port = device.Integer("port", {.fallback = 1883, .min = 1, .max = 65535});
//   for (config::Table& asset : file.root().List("asset")) ...
//   MW_TRY(file.Finish());                                                     // all faults, or
//   nothing
//
// Getters never fail: they note the fault and return the fallback (or an empty value), so that one
// reading finds all.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace millwright::config {

struct IntegerRule {
  std::optional<int64_t> fallback{};  // none: the key is required
  int64_t min = std::numeric_limits<int64_t>::min();
  int64_t max = std::numeric_limits<int64_t>::max();
};
struct NumberRule {
  std::optional<double> fallback{};  // none: the key is required
  double min = -std::numeric_limits<double>::max();
  double max = std::numeric_limits<double>::max();
};

struct State;  // the parsed document and the faults found; shared by File and its Tables

/// One table of the file. Copies are cheap and refer to the same table; valid while the File lives.
class Table {
 public:
  /// A table that must be there ("[device]" or "device = {...}"); an empty one where it is missing.
  [[nodiscard]] Table Section(std::string_view key);
  /// A table that may be missing: then an empty one, whose getters give their fallbacks. Check
  /// present().
  [[nodiscard]] Table OptionalSection(std::string_view key);
  /// An array of tables ("[[asset]]"); empty where it is missing.
  [[nodiscard]] std::vector<Table> List(std::string_view key);

  [[nodiscard]] std::string String(std::string_view key);
  [[nodiscard]] std::string String(std::string_view key, std::string_view fallback);
  /// One of `allowed`; the fault names them and the nearest.
  [[nodiscard]] std::string OneOf(std::string_view key, const std::vector<std::string>& allowed,
                                  const std::optional<std::string>& fallback = std::nullopt);
  /// A required id (core/ids.h CheckIdText).
  [[nodiscard]] std::string Id(std::string_view key);
  [[nodiscard]] int64_t Integer(std::string_view key, const IntegerRule& rule = {});
  [[nodiscard]] double Number(std::string_view key, const NumberRule& rule = {});
  [[nodiscard]] bool Boolean(std::string_view key, std::optional<bool> fallback = std::nullopt);
  [[nodiscard]] std::vector<std::string> Strings(std::string_view key);
  [[nodiscard]] std::vector<double> Numbers(std::string_view key);

  [[nodiscard]] bool Has(std::string_view key) const;
  /// All keys, sorted: for tables whose keys are the user's own (groups, parameters).
  [[nodiscard]] std::vector<std::string> Keys() const;
  [[nodiscard]] bool present() const { return node_ != nullptr; }

  /// Notes a fault at `key` (or at the table, for an empty key): for rules between keys.
  void Fault(std::string_view key, std::string_view what);

 private:
  friend class File;
  Table(State* state, const void* node, std::string path)
      : state_(state), node_(node), path_(std::move(path)) {}
  [[nodiscard]] const void* Find(std::string_view key) const;
  [[nodiscard]] std::string Path(std::string_view key) const;
  void Missing(std::string_view key);

  State* state_;
  const void* node_;  // a toml::table; null: empty
  std::string path_;
};

class File {
 public:
  /// `name` stands in the messages. kInvalid with file, line and column where the text is no TOML.
  [[nodiscard]] static Result<File> Parse(std::string_view text, std::string_view name);
  File(File&&) noexcept;
  File& operator=(File&&) noexcept;
  ~File();

  [[nodiscard]] Table root();
  /// kInvalid with one fault a line ("agent.toml:12:1: asset.chanel: unknown key; did you mean
  /// \"channel\"?"), unknown keys included; nothing where the file is right.
  [[nodiscard]] Result<void> Finish();

 private:
  explicit File(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The candidate with the smallest edit distance to `word`, where that is at most a third of its
/// length (at least 2).
[[nodiscard]] std::optional<std::string> Nearest(std::string_view word,
                                                 const std::vector<std::string>& candidates);

}  // namespace millwright::config
