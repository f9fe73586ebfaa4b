#include "columns.h"

#include "hub_query.h"

namespace millwright::cli {
namespace {

std::string AnyText(const nlohmann::json& row, const char* key) {
  const auto found = row.find(key);
  if (found == row.end() || found->is_null()) return {};
  return found->is_string() ? found->get<std::string>() : found->dump();
}

int64_t LengthOf(const nlohmann::json& row, const char* key) {
  const auto found = row.find(key);
  if (found != row.end() && found->is_array()) return static_cast<int64_t>(found->size());
  return IntegerOf(row, key);
}

template <typename Value>
std::vector<Value> ValuesOf(const std::vector<nlohmann::json>& rows, const char* key,
                            Value (*read)(const nlohmann::json&, const char*)) {
  std::vector<Value> values;
  values.reserve(rows.size());
  for (const nlohmann::json& row : rows) values.push_back(read(row, key));
  return values;
}

FlatJson::Value ArrayOf(const std::vector<nlohmann::json>& rows, const Column& column) {
  switch (column.kind) {
    case ColumnKind::kText:
      return ValuesOf(rows, column.key, AnyText);
    case ColumnKind::kInteger:
      return ValuesOf(rows, column.key, IntegerOf);
    case ColumnKind::kNumber:
      return ValuesOf(rows, column.key, NumberOf);
    case ColumnKind::kFlag:
      return ValuesOf(rows, column.key, FlagOf);
    case ColumnKind::kLength:
      return ValuesOf(rows, column.key, LengthOf);
  }
  return std::vector<std::string>();
}

TextTable::Cell CellOf(const nlohmann::json& row, const nlohmann::json& answer,
                       const Column& column) {
  if (column.show != nullptr) return column.show(row, answer);
  if (column.kind == ColumnKind::kLength) return {std::to_string(LengthOf(row, column.key))};
  return {AnyText(row, column.key)};
}

}  // namespace

void AddColumns(FlatJson& json, const std::vector<nlohmann::json>& rows,
                std::span<const Column> columns) {
  for (const Column& column : columns) json.Set(column.key, ArrayOf(rows, column));
}

TextTable TableOf(const nlohmann::json& answer, const std::vector<nlohmann::json>& rows,
                  std::span<const Column> columns) {
  std::vector<std::string> titles;
  for (const Column& column : columns)
    if (column.title != nullptr) titles.emplace_back(column.title);
  TextTable table(std::move(titles));
  for (const nlohmann::json& row : rows) {
    std::vector<TextTable::Cell> cells;
    for (const Column& column : columns)
      if (column.title != nullptr) cells.push_back(CellOf(row, answer, column));
    table.Add(std::move(cells));
  }
  return table;
}

}  // namespace millwright::cli
