#include "evaluation/read_table.h"

#include <algorithm>

#include "recording/layouts.h"
#include "recording/text_file.h"

namespace millwright::evaluation {
namespace {

void SplitBlanks(std::string_view line, std::vector<std::string_view>& fields) {
  fields.clear();
  size_t at = 0;
  while ((at = line.find_first_not_of(" \t", at)) != std::string_view::npos) {
    const size_t end = std::min(line.find_first_of(" \t", at), line.size());
    fields.push_back(line.substr(at, end - at));
    at = end;
  }
}

void Split(std::string_view line, char separator, std::vector<std::string_view>& fields) {
  if (separator == ' ') return SplitBlanks(line, fields);
  recording::SplitCsv(line, separator, fields);
}

class Reading {
 public:
  Reading(recording::InputFile file, const TextFormat& format)
      : file_(std::move(file)), format_(format) {}

  Result<TextTable> All() {
    std::string line;
    std::vector<std::string_view> fields;
    while (true) {
      MW_TRY(const bool more, file_.ReadLine(line));
      if (!more) break;
      Split(line, format_.separator, fields);
      if (fields.empty() || (fields.size() == 1 && fields[0].empty())) continue;
      if (format_.header && out_.columns.empty()) {
        MW_TRY(Header(fields));
      } else {
        MW_TRY(Row(fields));
      }
    }
    if (out_.width == 0 || out_.values.empty())
      return Fail(Errc::kInvalid, file_.path() + ": holds no row");
    return std::move(out_);
  }

 private:
  auto Bad(const std::string& what) const {
    return Fail(Errc::kInvalid,
                file_.path() + ":" + std::to_string(file_.line_number()) + ": " + what);
  }

  Result<void> Header(const std::vector<std::string_view>& fields) {
    const size_t end = fields.size() - std::min(fields.size(), format_.texts_after);
    if (end <= format_.text_columns) return Bad("names no column of numbers");
    for (size_t i = format_.text_columns; i < end; ++i) out_.columns.emplace_back(fields[i]);
    out_.width = out_.columns.size();
    return {};
  }

  Result<void> Row(const std::vector<std::string_view>& fields) {
    const size_t texts = format_.text_columns, all = texts + format_.texts_after;
    if (fields.size() <= all) return Bad("has no number");
    if (out_.width == 0) out_.width = fields.size() - all;
    if (fields.size() != out_.width + all)
      return Bad(std::to_string(fields.size()) + " columns where " +
                 std::to_string(out_.width + all) + " were before");
    if (out_.values.size() + out_.width > format_.values_max)
      return Fail(Errc::kExhausted,
                  file_.path() + ": more than " + std::to_string(format_.values_max) + " values");
    if (texts > 0) out_.texts.emplace_back(fields[0]);
    if (format_.texts_after > 0) {
      std::string& text = out_.texts.emplace_back();
      for (size_t i = texts + out_.width; i < fields.size(); ++i)
        text += (text.empty() ? "" : ",") + std::string(fields[i]);
    }
    for (size_t i = texts; i < texts + out_.width; ++i) {
      double value = 0;
      if (!recording::ParseCell(fields[i], value))
        return Bad("column " + std::to_string(i + 1) + ": \"" +
                   std::string(fields[i].substr(0, 40)) + "\" is no number");
      out_.values.push_back(static_cast<float>(value));
    }
    return {};
  }

  recording::InputFile file_;
  const TextFormat& format_;
  TextTable out_;
};

}  // namespace

Result<size_t> TextTable::Column(const std::string& name) const {
  const auto found = std::ranges::find(columns, name);
  if (found != columns.end()) return static_cast<size_t>(found - columns.begin());
  return Fail(Errc::kNotFound, "evaluation: there is no column \"" + name + "\"");
}

Result<TextTable> ReadTable(const std::filesystem::path& path, const TextFormat& format) {
  MW_TRY(recording::InputFile file, recording::InputFile::Open(path.string()));
  return Reading(std::move(file), format).All();
}

Result<std::filesystem::path> FindFile(const std::filesystem::path& folder,
                                       const std::string& name) {
  const std::string found = recording::FindPlainOrGz((folder / name).string());
  if (!found.empty()) return std::filesystem::path(found);
  return Fail(Errc::kNotFound, "evaluation: " + (folder / name).string() + " is not there");
}

}  // namespace millwright::evaluation
