#include "store/audit.h"

namespace millwright::store {

Result<void> WriteAudit(Database& database, Nanos at, const AuditLine& line) {
  MW_TRY(database.Run(
      "INSERT INTO audit (id, at_ns, who, what, subject, detail) "
      "VALUES ((SELECT COALESCE(MAX(id), 0) + 1 FROM audit), $1, $2, $3, $4, $5)",
      {at, line.who, line.what, line.subject, line.detail.substr(0, kAuditDetailMax)}));
  return {};
}

}  // namespace millwright::store
