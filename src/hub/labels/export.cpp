#include "hub/labels/export.h"

#include "crypto/sha256.h"
#include "hub/labels/baselines.h"

namespace millwright::hub {

Result<std::vector<LabelRow>> LoadLabels(store::Database& database, const LabelQuery& query) {
  std::vector<LabelRow> out;
  // Joined with `judgements` by act, an alarm's older verdicts fall away.
  MW_TRY(database.Each(
      "SELECT b.act, b.number, b.site, b.asset, b.device, b.alarm_key, b.start_ns, "
      "COALESCE(b.end_ns, l.cleared_ns, l.updated_ns, b.start_ns), COALESCE(j.rating, b.rating), "
      "b.verdict, b.fault, b.reason, b.note, b.source, b.said_fault, b.said_level, b.score, "
      "b.model_name, b.model_hash, b.who, b.arrived_ns, b.at_ns, COALESCE(j.opinions, "
      "1), " MW_BASELINE_VERSION(
          "b", "b.start_ns") " "
                             "FROM labels b LEFT JOIN judgements j ON j.device = b.device AND "
                             "j.alarm_key = b.alarm_key "
                             "AND b.alarm_key <> '' LEFT JOIN alarms l ON l.device = b.device AND "
                             "l.alarm_key = "
                             "b.alarm_key WHERE b.undone_ns IS NULL AND (b.alarm_key = '' OR j.act "
                             "= b.act) AND ($1 = '' "
                             "OR b.site = $1) AND ($2 = '' OR b.asset = $2) AND b.at_ns >= $3 AND "
                             "b.at_ns < $4 "
                             "ORDER BY b.at_ns, b.act, b.number LIMIT $5 OFFSET $6",
      {query.site, query.asset, query.from, query.to, query.limit, query.offset},
      [&](const store::Row& row) {
        LabelRow& label = out.emplace_back();
        label.act = row.Text(0);
        label.number = row.Int(1);
        label.site = row.Text(2);
        label.asset = row.Text(3);
        label.device = row.Text(4);
        label.alarm_key = row.Text(5);
        label.start = row.Int(6);
        label.end = row.Int(7);
        label.rating = row.Text(8);
        label.verdict = row.Text(9);
        label.fault = row.Text(10);
        label.reason = row.Text(11);
        label.note = row.Text(12);
        label.source = row.Text(13);
        label.said_fault = row.Text(14);
        label.said_level = row.Int(15);
        label.score = row.Real(16);
        label.model_name = row.Text(17);
        label.model_hash = row.Text(18);
        label.who = row.Text(19);
        label.arrived = row.Int(20);
        label.at = row.Int(21);
        label.opinions = row.Int(22);
        label.baseline_version = row.Int(23);
      }));
  return out;
}

std::string DigestOf(std::span<const LabelRow> labels) {
  crypto::Sha256 hash;
  for (const LabelRow& label : labels) {
    for (const std::string* text : {&label.site, &label.asset, &label.device, &label.alarm_key,
                                    &label.rating, &label.verdict, &label.fault, &label.source})
      hash.Update(*text + "\n");
    hash.Update(std::to_string(label.start) + " " + std::to_string(label.end) + "\n");
  }
  return hash.TakeHex();
}

}  // namespace millwright::hub
