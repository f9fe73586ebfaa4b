#include "work_orders.h"

#include <algorithm>
#include <optional>

#include "crypto/sha256.h"

namespace millwright::cli {
namespace {

using Cells = std::vector<std::string>;

constexpr const char* kNeeded[] = {"machine", "from", "to", "code"};

class CsvParser {
 public:
  CsvParser(std::string_view text, char separator) : text_(text), separator_(separator) {}

  Result<std::vector<Cells>> Parse() {
    while (at_ < text_.size()) {
      if (text_[at_] == '"' && cell_.empty() && !quoted_) {
        MW_TRY(TakeQuoted());
      } else if (text_[at_] == separator_) {
        EndCell();
        ++at_;
      } else if (text_[at_] == '\n' || text_[at_] == '\r') {
        at_ += text_.substr(at_, 2) == "\r\n" ? size_t{2} : size_t{1};
        EndRow();
      } else {
        cell_ += text_[at_++];
      }
    }
    if (!cell_.empty() || quoted_ || !row_.empty()) EndRow();
    return std::move(rows_);
  }

 private:
  Result<void> TakeQuoted() {
    quoted_ = true;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] != '"') {
        cell_ += text_[at_];
      } else if (text_.substr(at_, 2) == "\"\"") {
        cell_ += '"';
        ++at_;
      } else {
        ++at_;
        return {};
      }
    }
    return Fail(Errc::kInvalid,
                "line " + std::to_string(rows_.size() + 1) + ": a quote never ends");
  }
  void EndCell() {
    row_.push_back(std::exchange(cell_, {}));
    quoted_ = false;
  }
  void EndRow() {
    EndCell();
    rows_.push_back(std::exchange(row_, {}));
  }

  std::string_view text_;
  char separator_;
  size_t at_ = 0;
  bool quoted_ = false;
  std::string cell_;
  Cells row_;
  std::vector<Cells> rows_;
};

class OrderReader {
 public:
  OrderReader(const Cells& titles, const WorkOrderMap& map) : titles_(titles), map_(map) {}

  Result<void> Check() {
    for (const auto& [ours, title] : map_.columns) {
      const auto at = std::ranges::find(titles_, title);
      if (at == titles_.end())
        return Fail(Errc::kInvalid, "the file has no column \"" + title + "\" (for " + ours + ")");
      places_[ours] = static_cast<size_t>(at - titles_.begin());
    }
    for (const char* needed : kNeeded)
      if (!places_.contains(needed))
        return Fail(Errc::kInvalid, std::string("--column ") + needed + "=TITLE is missing");
    return {};
  }

  Result<WorkOrder> Read(const Cells& cells, size_t line) const {
    WorkOrder order;
    order.line = line;
    order.id = Cell(cells, "id");
    order.note = Cell(cells, "note");
    MW_TRY(order.from, ParseUtc(Cell(cells, "from")));
    MW_TRY(order.to, ParseUtc(Cell(cells, "to")));
    std::string machine = Cell(cells, "machine");
    if (const auto known = map_.machines.find(machine); known != map_.machines.end())
      machine = known->second;
    const size_t slash = machine.find('/');
    if (slash == std::string::npos)
      return Fail(Errc::kInvalid, "machine \"" + machine + "\" is not mapped to SITE/ASSET");
    order.site = machine.substr(0, slash);
    order.asset = machine.substr(slash + 1);
    const std::string code = Cell(cells, "code");
    const auto known = map_.codes.find(code);
    if (known == map_.codes.end())
      return Fail(Errc::kInvalid, "code \"" + code + "\" is not mapped");
    const bool is_fault = known->second != "healthy" && known->second != "neutral";
    order.rating = is_fault ? "ANOMALY" : known->second == "healthy" ? "NO_ANOMALY" : "NEUTRAL";
    if (is_fault) order.fault = known->second;
    return order;
  }

 private:
  [[nodiscard]] std::string Cell(const Cells& cells, std::string_view ours) const {
    const auto at = places_.find(ours);
    return at == places_.end() || at->second >= cells.size() ? "" : cells[at->second];
  }

  const Cells& titles_;
  const WorkOrderMap& map_;
  std::map<std::string, size_t, std::less<>> places_;
};

}  // namespace

Result<std::map<std::string, std::string, std::less<>>> ReadPairs(
    const std::vector<std::string>& texts, std::string_view what) {
  std::map<std::string, std::string, std::less<>> out;
  for (const std::string& text : texts) {
    const size_t at = text.find('=');
    if (at == std::string::npos || at == 0)
      return Fail(Errc::kInvalid, std::string(what) + " \"" + text + "\" is no OURS=THEIRS pair");
    out[text.substr(0, at)] = text.substr(at + 1);
  }
  return out;
}

Result<std::vector<std::vector<std::string>>> ParseCsv(std::string_view text, char separator) {
  return CsvParser(text, separator).Parse();
}

Result<WorkOrders> ReadWorkOrders(std::string_view csv, char separator, const WorkOrderMap& map) {
  if (csv.starts_with("\xEF\xBB\xBF")) csv.remove_prefix(3);  // as spreadsheets begin a file
  MW_TRY(const auto rows, ParseCsv(csv, separator));
  if (rows.empty()) return Fail(Errc::kInvalid, "the file is empty");
  OrderReader reader(rows.front(), map);
  MW_TRY(reader.Check());
  WorkOrders out;
  for (size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].size() == 1 && rows[i].front().empty()) continue;
    auto order = reader.Read(rows[i], i + 1);
    if (order)
      out.orders.push_back(std::move(*order));
    else
      out.skipped.push_back("row " + std::to_string(i + 1) + ": " + order.error().what);
  }
  return out;
}

std::string ActIdOf(const WorkOrder& o) {
  const std::string text = o.id + "\n" + o.site + "\n" + o.asset + "\n" + o.rating + "\n" +
                           o.fault + "\n" + std::to_string(o.from) + "\n" + std::to_string(o.to);
  return "wo-" + crypto::Sha256Hex(text).substr(0, 40);
}

}  // namespace millwright::cli
