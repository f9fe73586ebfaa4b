#include "hub/defender/violations.h"

#include <algorithm>
#include <charconv>

#include "crypto/random.h"

namespace millwright::hub {
namespace {

constexpr size_t kNoteMax = 1000;
constexpr std::string_view kStates[] = {"FALSE_POSITIVE", "BENIGN_POSITIVE", "TRUE_POSITIVE",
                                        "UNKNOWN"};

Result<void> AddEvent(store::Database& database, std::string_view id, std::string_view type,
                      Nanos at, std::string_view value) {
  MW_TRY(
      database.Run("INSERT INTO defender_violation_events (number, violation, type, at_ns,"
                   " value) SELECT COALESCE(MAX(number), 0) + 1, $1, $2, $3, $4"
                   " FROM defender_violation_events",
                   {id, type, at, value}));
  return {};
}

Violation ViolationOf(const store::Row& row) {
  return {.id = std::string(row.Text(0)),
          .thing = std::string(row.Text(1)),
          .profile = std::string(row.Text(2)),
          .behavior = std::string(row.Text(3)),
          .criteria = std::string(row.Text(4)),
          .value = std::string(row.Text(5)),
          .began = row.Int(6),
          .verification = std::string(row.Text(7)),
          .note = std::string(row.Text(8))};
}

}  // namespace

Result<void> StoreChange(store::Database& database, const defender::ViolationChange& change) {
  const std::string value = defender::WriteValue(change.value);
  if (change.change == defender::Change::kInAlarm) {
    const std::string id = crypto::RandomHex(16);
    MW_TRY(database.Run(
        "INSERT INTO defender_violations (id, thing, profile, behavior, criteria, value, began_ns,"
        " verification, note) VALUES ($1, $2, $3, $4, $5, $6, $7, 'UNKNOWN', '')",
        {id, change.thing, change.profile, change.behavior->name, change.behavior->json, value,
         change.at}));
    return AddEvent(database, id, Name(change.change), change.at, value);
  }
  std::string id;
  MW_TRY(const bool found,
         database.First("SELECT id FROM defender_violations WHERE ended_ns IS NULL AND thing = $1"
                        " AND profile = $2 AND behavior = $3",
                        {change.thing, change.profile, change.behavior->name},
                        [&](const store::Row& row) { id = row.Text(0); }));
  if (!found) return {};
  MW_TRY(
      database.Run("UPDATE defender_violations SET ended_ns = $1 WHERE id = $2", {change.at, id}));
  return AddEvent(database, id, Name(change.change), change.at, value);
}

Result<Page<Violation>> ListActive(store::Database& database, const ViolationQuery& query) {
  Page<Violation> out;
  MW_TRY(database.Each(
      "SELECT id, thing, profile, behavior, criteria, value, began_ns, verification, note"
      " FROM defender_violations WHERE ended_ns IS NULL AND id > $1 AND ($2 = '' OR thing = $2)"
      " AND ($3 = '' OR profile = $3) AND ($4 = '' OR verification = $4) ORDER BY id LIMIT $5",
      {query.after, query.thing, query.profile, query.verification, query.limit + 1},
      [&](const store::Row& row) { out.items.push_back(ViolationOf(row)); }));
  if (out.items.size() > static_cast<size_t>(query.limit)) {
    out.items.pop_back();
    out.next = out.items.back().id;
  }
  return out;
}

Result<Page<ViolationEvent>> ListEvents(store::Database& database, const ViolationQuery& query,
                                        Nanos begin, Nanos end) {
  int64_t after = 0;
  const char* const last = query.after.data() + query.after.size();
  if (!query.after.empty() && std::from_chars(query.after.data(), last, after).ptr != last)
    return Fail(Errc::kInvalid, "nextToken is none of ours");
  Page<ViolationEvent> out;
  MW_TRY(database.Each(
      "SELECT v.id, v.thing, v.profile, v.behavior, v.criteria, e.value, v.began_ns,"
      " v.verification, v.note, e.number, e.type, e.at_ns FROM defender_violation_events e"
      " JOIN defender_violations v ON v.id = e.violation WHERE e.number > $1 AND e.at_ns >= $2"
      " AND e.at_ns <= $3 AND ($4 = '' OR v.thing = $4) AND ($5 = '' OR v.profile = $5)"
      " AND ($6 = '' OR v.verification = $6) ORDER BY e.number LIMIT $7",
      {after, begin, end, query.thing, query.profile, query.verification, query.limit + 1},
      [&](const store::Row& row) {
        out.items.push_back({.number = row.Int(9),
                             .violation = ViolationOf(row),
                             .type = std::string(row.Text(10)),
                             .at = row.Int(11)});
      }));
  if (out.items.size() > static_cast<size_t>(query.limit)) {
    out.items.pop_back();
    out.next = std::to_string(out.items.back().number);
  }
  return out;
}

Result<void> Verify(store::Database& database, std::string_view id, std::string_view state,
                    std::string_view note) {
  if (std::ranges::find(kStates, state) == std::end(kStates))
    return Fail(Errc::kInvalid, "verificationState is none of AWS' four");
  if (note.size() > kNoteMax)
    return Fail(Errc::kInvalid, "verificationStateDescription is longer than 1000");
  MW_TRY(const int64_t changed,
         database.Run("UPDATE defender_violations SET verification = $1, note = $2 WHERE id = $3",
                      {state, note, id}));
  if (changed == 0) return Fail(Errc::kNotFound, "There is no violation " + std::string(id));
  return {};
}

Result<void> EndOthers(store::Database& database, std::string_view profile,
                       const std::vector<std::string>& behaviors_left, Nanos at) {
  std::vector<std::string> gone;
  MW_TRY(
      database.Each("SELECT id, behavior FROM defender_violations WHERE ended_ns IS NULL"
                    " AND profile = $1",
                    {profile}, [&](const store::Row& row) {
                      if (std::ranges::find(behaviors_left, row.Text(1)) == behaviors_left.end())
                        gone.emplace_back(row.Text(0));
                    }));
  for (const std::string& id : gone) {
    MW_TRY(database.Run("UPDATE defender_violations SET ended_ns = $1 WHERE id = $2", {at, id}));
    MW_TRY(AddEvent(database, id, "alarm-invalidated", at, R"({"numbers":[]})"));
  }
  return {};
}

}  // namespace millwright::hub
