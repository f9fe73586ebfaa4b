#include "hub/labels/standing.h"

#include <map>

#include "hub/labels/words.h"

namespace millwright::hub {
namespace {

using store::Row;

// What each person said last, and what was said last of all.
Result<void> TakeVerdicts(store::Database& database, std::string_view device, std::string_view key,
                          Standing& out) {
  std::map<std::string, std::string, std::less<>> said;  // who -> verdict and fault
  MW_TRY(database.Each(
      "SELECT verdict, rating, fault, reason, note, who, at_ns, act FROM labels WHERE device = $1 "
      "AND alarm_key = $2 AND undone_ns IS NULL ORDER BY at_ns, act, number",
      {device, key}, [&](const Row& row) {
        out.verdict = row.Text(0);
        out.rating = row.Text(1);
        out.fault = row.Text(2);
        out.reason = row.Text(3);
        out.note = row.Text(4);
        out.who = row.Text(5);
        out.at = row.Int(6);
        out.act = row.Text(7);
        said[out.who] = out.verdict + " " + out.fault;
      }));
  out.opinions = static_cast<int64_t>(said.size());
  for (const auto& [who, what] : said) out.agreed = out.agreed && what == said.begin()->second;
  if (!out.agreed) out.rating = Name(Rating::kNeutral);
  return {};
}

Result<void> TakeShelving(store::Database& database, std::string_view device, std::string_view key,
                          Standing& out) {
  return database
      .First(
          "SELECT until_ns, who FROM shelvings WHERE device = $1 AND alarm_key = $2 AND "
          "undone_ns IS NULL ORDER BY at_ns DESC LIMIT 1",
          {device, key},
          [&](const Row& row) {
            out.shelved_until = row.IsNull(0) ? Standing::kUntilRepaired : row.Int(0);
            out.shelved_by = row.Text(1);
          })
      .transform([](bool) {});
}

// A question is answered by the verdict of somebody else that comes after it.
Result<void> TakeQuestion(store::Database& database, std::string_view device, std::string_view key,
                          Standing& out) {
  return database
      .First(
          "SELECT q.at_ns, q.who, q.note FROM questions q WHERE q.device = $1 AND q.alarm_key = "
          "$2 AND q.undone_ns IS NULL AND NOT EXISTS (SELECT 1 FROM labels b WHERE b.device = "
          "q.device AND b.alarm_key = q.alarm_key AND b.undone_ns IS NULL AND b.who <> q.who "
          "AND b.at_ns >= q.at_ns) ORDER BY q.at_ns DESC LIMIT 1",
          {device, key},
          [&](const Row& row) {
            out.asked = row.Int(0);
            out.asked_by = row.Text(1);
            out.question = row.Text(2);
          })
      .transform([](bool) {});
}

}  // namespace

Result<Standing> WorkOutStanding(store::Database& database, std::string_view device,
                                 std::string_view key) {
  Standing out;
  MW_TRY(TakeVerdicts(database, device, key, out));
  MW_TRY(TakeShelving(database, device, key, out));
  MW_TRY(TakeQuestion(database, device, key, out));
  return out;
}

Result<void> SaveStanding(store::Database& database, std::string_view device, std::string_view key,
                          const Standing& s) {
  MW_TRY(
      database.Run("DELETE FROM judgements WHERE device = $1 AND alarm_key = $2", {device, key}));
  MW_TRY(database.Run(
      "INSERT INTO judgements (device, alarm_key, verdict, rating, fault, reason, note, who, "
      "at_ns, act, opinions, agreed, shelved_until_ns, shelved_by, asked_ns, asked_by, question) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
      {device, key, s.verdict, s.rating, s.fault, s.reason, s.note, s.who, s.at, s.act, s.opinions,
       s.agreed ? 1 : 0, s.shelved_until, s.shelved_by, s.asked, s.asked_by, s.question}));
  return {};
}

Standing StandingFromRow(const Row& row, int first) {
  Standing s;
  if (row.IsNull(first)) return s;
  s.verdict = row.Text(first);
  s.rating = row.Text(first + 1);
  s.fault = row.Text(first + 2);
  s.reason = row.Text(first + 3);
  s.note = row.Text(first + 4);
  s.who = row.Text(first + 5);
  s.at = row.Int(first + 6);
  s.act = row.Text(first + 7);
  s.opinions = row.Int(first + 8);
  s.agreed = row.Int(first + 9) != 0;
  s.shelved_until = row.Int(first + 10);
  s.shelved_by = row.Text(first + 11);
  s.asked = row.Int(first + 12);
  s.asked_by = row.Text(first + 13);
  s.question = row.Text(first + 14);
  return s;
}

}  // namespace millwright::hub
