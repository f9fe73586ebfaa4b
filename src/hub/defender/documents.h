// Settings and tasks of Device Defender, kept as JSON texts by kind and name. All functions work in
// the caller's transaction where there is one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "store/database.h"

namespace millwright::hub {

/// What a document is. Each kind has a limit of its own.
enum class DocumentKind : uint8_t {
  kProfile,
  kCustomMetric,
  kMitigationAction,
  kAuditConfiguration,
  kAuditTask,
  kAuditFinding,
  kAuditMitigation,
  kDetectMitigation
};

struct Document {
  std::string name, body;
  int64_t version = 1;  // counts every change
  Nanos created = 0, modified = 0;
};
struct DocumentPage {
  std::vector<Document> items;
  std::string next;  // after which name the next page begins; empty: this is the last one
};

/// kConflict where there is one of that name; kExhausted at the kind's limit.
[[nodiscard]] Result<Document> CreateDocument(store::Database& database, DocumentKind kind,
                                              const Document& document);
/// kNotFound; kConflict where it is not at `expected` any more. Nothing expected: always.
[[nodiscard]] Result<Document> UpdateDocument(store::Database& database, DocumentKind kind,
                                              const Document& document,
                                              std::optional<int64_t> expected);
[[nodiscard]] Result<void> DeleteDocument(store::Database& database, DocumentKind kind,
                                          std::string_view name, std::optional<int64_t> expected);
/// kNotFound where there is none.
[[nodiscard]] Result<Document> FindDocument(store::Database& database, DocumentKind kind,
                                            std::string_view name);
/// By name; at most `limit` that come after `after`.
[[nodiscard]] Result<DocumentPage> ListDocuments(store::Database& database, DocumentKind kind,
                                                 std::string_view after, int limit);

}  // namespace millwright::hub
