// Numbered schema migrations, embedded from migrations/NNNN_name.sql at build time.
//
// They are written so that SQLite and PostgreSQL both run them: types BIGINT, DOUBLE PRECISION,
// TEXT and BYTEA, no AUTOINCREMENT, no WITHOUT ROWID, no partial dialect. One substitution is made
// for SQLite: BYTEA reads BLOB.
#pragma once

#include <span>
#include <string_view>

#include "core/result.h"
#include "store/database.h"

namespace millwright::store {

struct Migration {
  int number;
  std::string_view name;
  std::string_view sql;
};

/// In the order of their numbers, from 1 without holes.
[[nodiscard]] std::span<const Migration> EmbeddedMigrations();

/// Brings the schema up to the last of `migrations`, each in a transaction of its own together with
/// its row in `schema_migrations`: a power cut in between leaves a whole older schema. kUnsupported
/// where the file was written by a newer program; kConflict where an applied migration has another
/// name than ours.
[[nodiscard]] Result<void> Migrate(Database& database,
                                   std::span<const Migration> migrations = EmbeddedMigrations());

/// The number of the last migration applied; 0 for an empty database.
[[nodiscard]] Result<int> SchemaVersion(Database& database);

}  // namespace millwright::store
