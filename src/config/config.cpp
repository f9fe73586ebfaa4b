#include "config/config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/ids.h"

namespace millwright::config {
namespace {

constexpr size_t kFaultsMax = 50;
constexpr size_t kTextBytesMax = size_t{1} << 20;

std::string At(std::string_view name, const toml::source_region& region) {
  return std::string(name) + ":" + std::to_string(region.begin.line) + ":" +
         std::to_string(region.begin.column);
}

std::string_view TypeName(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a number";
    case toml::node_type::boolean:
      return "a boolean";
    default:
      return "a date or time";
  }
}

std::string Text(double value) {
  std::string text = std::to_string(value);
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace

struct State {
  struct Visited {
    std::string path;
    std::set<std::string, std::less<>> known;
  };

  std::string name;
  toml::table root;
  std::map<const toml::table*, Visited> visited;
  std::vector<std::pair<toml::source_position, std::string>> faults;

  void Add(const toml::node& where, std::string_view path, std::string_view what) {
    if (faults.size() >= kFaultsMax) return;
    const std::string key = path.empty() ? "" : std::string(path) + ": ";
    faults.emplace_back(where.source().begin,
                        At(name, where.source()) + ": " + key + std::string(what));
  }
};

namespace {

const toml::table* AsTable(const void* node) { return static_cast<const toml::table*>(node); }
const toml::node* AsNode(const void* node) { return static_cast<const toml::node*>(node); }

void FaultUnknownKeys(State& state, const toml::table& table, const State::Visited& visited) {
  const std::vector<std::string> known(visited.known.begin(), visited.known.end());
  for (const auto& [key, node] : table) {
    const std::string word(key.str());
    if (visited.known.contains(word)) continue;
    std::string what = "unknown key";
    if (const auto nearest = Nearest(word, known)) {
      what += "; did you mean \"" + *nearest + "\"?";
    } else if (!known.empty()) {
      what += "; valid are ";
      for (const std::string& name : known) what += (&name == &known.front() ? "" : ", ") + name;
    }
    if (state.faults.size() < kFaultsMax)
      state.faults.emplace_back(
          key.source().begin, At(state.name, key.source()) + ": " +
                                  (visited.path.empty() ? word : visited.path + "." + word) + ": " +
                                  what);
  }
}

}  // namespace

const void* Table::Find(std::string_view key) const {
  if (node_ == nullptr) return nullptr;
  const toml::table* table = AsTable(node_);
  state_->visited[table].known.insert(std::string(key));
  return table->get(key);
}

std::string Table::Path(std::string_view key) const {
  return path_.empty() || key.empty() ? path_ + std::string(key) : path_ + "." + std::string(key);
}

void Table::Fault(std::string_view key, std::string_view what) {
  const toml::node* where =
      node_ == nullptr ? &state_->root : AsNode(static_cast<const toml::node*>(AsTable(node_)));
  if (!key.empty())
    if (const void* found = Find(key)) where = AsNode(found);
  state_->Add(*where, Path(key), what);
}

void Table::Missing(std::string_view key) {
  if (node_ == nullptr) return;  // the missing table itself was noted
  const toml::node* where = AsTable(node_);
  state_->Add(*where, Path(key), "is missing");
}

Table Table::Section(std::string_view key) {
  Table section = OptionalSection(key);
  if (!section.present() && !Has(key)) Missing(key);
  return section;
}

Table Table::OptionalSection(std::string_view key) {
  const void* found = Find(key);
  if (found == nullptr) return {state_, nullptr, Path(key)};
  const toml::table* table = AsNode(found)->as_table();
  if (table == nullptr) {
    state_->Add(*AsNode(found), Path(key),
                "must be a table, not " + std::string(TypeName(*AsNode(found))));
    return {state_, nullptr, Path(key)};
  }
  state_->visited[table].path = Path(key);
  return {state_, table, Path(key)};
}

std::vector<Table> Table::List(std::string_view key) {
  std::vector<Table> tables;
  const void* found = Find(key);
  if (found == nullptr) return tables;
  const toml::array* array = AsNode(found)->as_array();
  if (array == nullptr) {
    state_->Add(*AsNode(found), Path(key), "must be a list of tables: write [[" + Path(key) + "]]");
    return tables;
  }
  for (const toml::node& node : *array) {
    if (const toml::table* table = node.as_table()) {
      state_->visited[table].path = Path(key);
      tables.push_back({state_, table, Path(key)});
    } else {
      state_->Add(node, Path(key), "must be a table, not " + std::string(TypeName(node)));
    }
  }
  return tables;
}

std::string Table::String(std::string_view key) {
  if (Find(key) == nullptr) Missing(key);
  return String(key, "");
}

std::string Table::String(std::string_view key, std::string_view fallback) {
  const void* found = Find(key);
  if (found == nullptr) return std::string(fallback);
  if (const auto value = AsNode(found)->value_exact<std::string>()) return *value;
  Fault(key, "must be a string, not " + std::string(TypeName(*AsNode(found))));
  return std::string(fallback);
}

std::string Table::OneOf(std::string_view key, const std::vector<std::string>& allowed,
                         const std::optional<std::string>& fallback) {
  if (Find(key) == nullptr) {
    if (!fallback) Missing(key);
    return fallback.value_or("");
  }
  std::string value = String(key, "");
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return value;
  std::string what = "\"" + value + "\" is not one of";
  for (const std::string& word : allowed) what += (&word == &allowed.front() ? " " : ", ") + word;
  if (const auto nearest = Nearest(value, allowed)) what += "; did you mean \"" + *nearest + "\"?";
  Fault(key, what);
  return fallback.value_or("");
}

std::string Table::Id(std::string_view key) {
  std::string value = String(key);
  if (value.empty()) {
    if (Has(key)) Fault(key, "is empty");
    return value;
  }
  if (const auto ok = CheckIdText("id", value); !ok) Fault(key, ok.error().what);
  return value;
}

int64_t Table::Integer(std::string_view key, const IntegerRule& rule) {
  const int64_t fallback = rule.fallback.value_or(rule.min > 0 ? rule.min : 0);
  const void* found = Find(key);
  if (found == nullptr) {
    if (!rule.fallback) Missing(key);
    return fallback;
  }
  const auto value = AsNode(found)->value_exact<int64_t>();
  if (!value) {
    Fault(key, "must be an integer, not " + std::string(TypeName(*AsNode(found))));
    return fallback;
  }
  if (*value >= rule.min && *value <= rule.max) return *value;
  std::string what = std::to_string(*value) + " is out of range, allowed is ";
  what += rule.max == std::numeric_limits<int64_t>::max()
              ? std::to_string(rule.min) + " or more"
              : std::to_string(rule.min) + " to " + std::to_string(rule.max);
  Fault(key, what);
  return fallback;
}

double Table::Number(std::string_view key, const NumberRule& rule) {
  const double fallback = rule.fallback.value_or(rule.min > 0 ? rule.min : 0);
  const void* found = Find(key);
  if (found == nullptr) {
    if (!rule.fallback) Missing(key);
    return fallback;
  }
  const toml::node* node = AsNode(found);
  if (!node->is_number()) {
    Fault(key, "must be a number, not " + std::string(TypeName(*node)));
    return fallback;
  }
  const double value = *node->value<double>();
  if (std::isfinite(value) && value >= rule.min && value <= rule.max) return value;
  std::string what = Text(value) + " is out of range, allowed is ";
  what += rule.max == std::numeric_limits<double>::max() ? Text(rule.min) + " or more"
                                                         : Text(rule.min) + " to " + Text(rule.max);
  Fault(key, what);
  return fallback;
}

bool Table::Boolean(std::string_view key, std::optional<bool> fallback) {
  const void* found = Find(key);
  if (found == nullptr) {
    if (!fallback) Missing(key);
    return fallback.value_or(false);
  }
  if (const auto value = AsNode(found)->value_exact<bool>()) return *value;
  Fault(key, "must be true or false, not " + std::string(TypeName(*AsNode(found))));
  return fallback.value_or(false);
}

std::vector<std::string> Table::Strings(std::string_view key) {
  std::vector<std::string> values;
  const void* found = Find(key);
  if (found == nullptr) return values;
  const toml::array* array = AsNode(found)->as_array();
  if (array == nullptr) Fault(key, "must be a list of strings");
  for (size_t i = 0; array != nullptr && i < array->size(); ++i) {
    const auto value = (*array)[i].value_exact<std::string>();
    if (value)
      values.push_back(*value);
    else
      state_->Add((*array)[i], Path(key),
                  "must be a string, not " + std::string(TypeName((*array)[i])));
  }
  return values;
}

std::vector<double> Table::Numbers(std::string_view key) {
  std::vector<double> values;
  const void* found = Find(key);
  if (found == nullptr) return values;
  const toml::array* array = AsNode(found)->as_array();
  if (array == nullptr) Fault(key, "must be a list of numbers");
  for (size_t i = 0; array != nullptr && i < array->size(); ++i) {
    if ((*array)[i].is_number())
      values.push_back(*(*array)[i].value<double>());
    else
      state_->Add((*array)[i], Path(key),
                  "must be a number, not " + std::string(TypeName((*array)[i])));
  }
  return values;
}

// Who asks for a key knows it: it is then among the hints for a misspelt one.
bool Table::Has(std::string_view key) const { return Find(key) != nullptr; }

std::vector<std::string> Table::Keys() const {
  std::vector<std::string> keys;
  if (node_ == nullptr) return keys;
  for (const auto& [key, node] : *AsTable(node_)) keys.emplace_back(key.str());
  return keys;
}

File::File(std::unique_ptr<State> state) : state_(std::move(state)) {}
File::File(File&&) noexcept = default;
File& File::operator=(File&&) noexcept = default;
File::~File() = default;

Result<File> File::Parse(std::string_view text, std::string_view name) {
  if (text.size() > kTextBytesMax)
    return Fail(Errc::kExhausted,
                std::string(name) + ": larger than 1 MiB, which no configuration needs");
  auto state = std::make_unique<State>();
  state->name = name;
  try {  // Debian's toml++ is built with exceptions; they end here
    state->root = toml::parse(text);
  } catch (const toml::parse_error& error) {
    return Fail(Errc::kInvalid, At(name, error.source()) + ": " + std::string(error.description()));
  }
  return File(std::move(state));
}

Table File::root() {
  state_->visited[&state_->root];
  return {state_.get(), &state_->root, ""};
}

Result<void> File::Finish() {
  for (const auto& [table, visited] : state_->visited) FaultUnknownKeys(*state_, *table, visited);
  if (state_->faults.empty()) return {};
  std::stable_sort(state_->faults.begin(), state_->faults.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string all;
  for (const auto& [position, line] : state_->faults) all += (all.empty() ? "" : "\n") + line;
  return Fail(Errc::kInvalid, all);
}

}  // namespace millwright::config
