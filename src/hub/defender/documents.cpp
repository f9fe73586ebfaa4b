#include "hub/defender/documents.h"

#include <array>

namespace millwright::hub {
namespace {

struct KindRow {
  const char* name;
  int64_t limit;  // documents
};
// 100 profiles and actions: AWS' quotas of an account. Findings: a check of a large fleet.
constexpr std::array<KindRow, 8> kKinds = {{{"profile", 100},
                                            {"custom-metric", 100},
                                            {"mitigation-action", 100},
                                            {"audit-configuration", 1},
                                            {"audit-task", 1000},
                                            {"audit-finding", 100'000},
                                            {"audit-mitigation", 1000},
                                            {"detect-mitigation", 1000}}};

const KindRow& RowOf(DocumentKind kind) { return kKinds[static_cast<size_t>(kind)]; }

tl::unexpected<Error> Missing(DocumentKind kind, std::string_view name) {
  return Fail(Errc::kNotFound,
              std::string("There is no ") + RowOf(kind).name + " " + std::string(name));
}

Result<void> CheckVersion(const Document& is, std::optional<int64_t> expected) {
  if (!expected || *expected == is.version) return {};
  return Fail(Errc::kConflict, is.name + " is at version " + std::to_string(is.version) +
                                   ", not at " + std::to_string(*expected));
}

}  // namespace

Result<Document> CreateDocument(store::Database& database, DocumentKind kind,
                                const Document& document) {
  int64_t count = 0, same = 0;
  MW_TRY(
      database.Each("SELECT COUNT(*), COALESCE(SUM(CASE WHEN name = $1 THEN 1 ELSE 0 END), 0)"
                    " FROM defender_documents WHERE kind = $2",
                    {document.name, RowOf(kind).name}, [&](const store::Row& row) {
                      count = row.Int(0);
                      same = row.Int(1);
                    }));
  if (same > 0)
    return Fail(Errc::kConflict, std::string(RowOf(kind).name) + " " + document.name + " exists");
  if (count >= RowOf(kind).limit)
    return Fail(Errc::kExhausted, "no more than " + std::to_string(RowOf(kind).limit) +
                                      " of kind " + RowOf(kind).name + " are kept");
  MW_TRY(database.Run(
      "INSERT INTO defender_documents (kind, name, version, body, created_ns,"
      " modified_ns) VALUES ($1, $2, 1, $3, $4, $5)",
      {RowOf(kind).name, document.name, document.body, document.created, document.created}));
  return FindDocument(database, kind, document.name);
}

Result<Document> UpdateDocument(store::Database& database, DocumentKind kind,
                                const Document& document, std::optional<int64_t> expected) {
  MW_TRY(const Document is, FindDocument(database, kind, document.name));
  MW_TRY(CheckVersion(is, expected));
  MW_TRY(
      database.Run("UPDATE defender_documents SET version = version + 1, body = $1,"
                   " modified_ns = $2 WHERE kind = $3 AND name = $4",
                   {document.body, document.modified, RowOf(kind).name, document.name}));
  return FindDocument(database, kind, document.name);
}

Result<void> DeleteDocument(store::Database& database, DocumentKind kind, std::string_view name,
                            std::optional<int64_t> expected) {
  const auto is = FindDocument(database, kind, name);
  if (!is && is.error().code == Errc::kNotFound && !expected) return {};  // AWS: no error
  if (!is) return tl::unexpected(is.error());
  MW_TRY(CheckVersion(*is, expected));
  MW_TRY(database.Run("DELETE FROM defender_documents WHERE kind = $1 AND name = $2",
                      {RowOf(kind).name, name}));
  return {};
}

Result<Document> FindDocument(store::Database& database, DocumentKind kind, std::string_view name) {
  Document out;
  MW_TRY(const bool found,
         database.First("SELECT version, body, created_ns, modified_ns FROM defender_documents"
                        " WHERE kind = $1 AND name = $2",
                        {RowOf(kind).name, name}, [&](const store::Row& row) {
                          out = {.name = std::string(name),
                                 .body = std::string(row.Text(1)),
                                 .version = row.Int(0),
                                 .created = row.Int(2),
                                 .modified = row.Int(3)};
                        }));
  if (!found) return Missing(kind, name);
  return out;
}

Result<DocumentPage> ListDocuments(store::Database& database, DocumentKind kind,
                                   std::string_view after, int limit) {
  DocumentPage out;
  MW_TRY(
      database.Each("SELECT name, body, version, created_ns, modified_ns"
                    " FROM defender_documents WHERE kind = $1 AND name > $2"
                    " ORDER BY name LIMIT $3",
                    {RowOf(kind).name, after, limit + 1}, [&](const store::Row& row) {
                      out.items.push_back({.name = std::string(row.Text(0)),
                                           .body = std::string(row.Text(1)),
                                           .version = row.Int(2),
                                           .created = row.Int(3),
                                           .modified = row.Int(4)});
                    }));
  if (out.items.size() > static_cast<size_t>(limit)) {
    out.items.pop_back();
    out.next = out.items.back().name;
  }
  return out;
}

}  // namespace millwright::hub
