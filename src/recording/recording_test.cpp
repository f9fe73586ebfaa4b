#include "recording/recording.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "recording/layouts.h"
#include "recording/text_file.h"

namespace millwright::recording {
namespace {

namespace fs = std::filesystem;

constexpr Nanos kStart = 1'795'000'000 * kSecond;

class RecordingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    root_ = fs::path(::testing::TempDir()) / ("recording_" + std::string(test->name()));
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  void Write(const std::string& name, const std::string& text) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name, std::ios::binary) << text;
  }
  void WriteGz(const std::string& name, const std::string& text) const {
    fs::create_directories((root_ / name).parent_path());
    gzFile file = gzopen((root_ / name).c_str(), "wb");
    gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
    gzclose(file);
  }
  [[nodiscard]] std::string root() const { return root_.string(); }

  fs::path root_;
};

constexpr const char* kSkabHead =
    "datetime;Accelerometer1RMS;Volume Flow RateRMS;anomaly;changepoint\n";

std::vector<Item> ReadAll(const RecordingInfo& info,
                          std::vector<std::vector<float>>* blocks = nullptr) {
  std::vector<Item> items;
  auto reader = Reader::Open(info);
  EXPECT_TRUE(reader.has_value()) << reader.error().what;
  if (!reader) return items;
  while (true) {
    Item item;
    const Result<bool> more = (*reader)->Next(item);
    EXPECT_TRUE(more.has_value()) << more.error().what;
    if (!more || !*more) return items;
    if (blocks != nullptr) blocks->emplace_back(item.samples.begin(), item.samples.end());
    items.push_back(item);
  }
}

TEST_F(RecordingTest, ReadsSkabRunsWithLabels) {
  Write("valve1/0.csv", std::string(kSkabHead) +
                            "2020-03-09 10:14:33;0.1;75.0;0.0;0.0\n"
                            "2020-03-09 10:14:34;0.2;76.0;0.0;0.0\n"
                            "2020-03-09 10:14:36;0.3;;1.0;1.0\n"
                            "2020-03-09 10:14:37;0.4;78.0;1.0;0.0\n"
                            "2020-03-09 10:14:38;0.5;79.0;0.0;0.0\n");
  WriteGz("anomaly-free.csv.gz",
          "datetime;Accelerometer1RMS\n2020-02-08 13:30:47;0.2\n2020-02-08 13:30:48;0.3\n");
  Write("notes.csv", "a,b\n1,2\n");
  const auto all = OpenDataset(root());
  ASSERT_TRUE(all.has_value()) << all.error().what;
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ((*all)[0].id, "anomaly-free");
  EXPECT_TRUE((*all)[0].labelled);
  EXPECT_TRUE((*all)[0].labels.empty());
  const RecordingInfo& run = (*all)[1];
  EXPECT_EQ(run.id, "valve1/0");
  EXPECT_EQ(run.asset, "valve1-0");
  EXPECT_EQ(FormatUtc(run.start_ns).substr(0, 19), "2020-03-09T10:14:33");
  ASSERT_EQ(run.channels.size(), 2U);
  EXPECT_EQ(run.channels[1].name, "Volume_Flow_RateRMS");
  EXPECT_EQ(run.channels[1].unit, "l/min");
  EXPECT_DOUBLE_EQ(run.channels[1].rate_hz, 1);
  ASSERT_EQ(run.labels.size(), 1U);
  EXPECT_DOUBLE_EQ(run.labels[0].start_s, 3);
  EXPECT_DOUBLE_EQ(run.labels[0].end_s, 5);
  EXPECT_EQ(RatingAt(run, run.start_ns + 2 * kSecond), Rating::kNoAnomaly);
  EXPECT_EQ(RatingAt(run, run.start_ns + 3 * kSecond), Rating::kAnomaly);
  EXPECT_EQ(RatingAt(run, run.start_ns + 5 * kSecond), Rating::kNoAnomaly);

  const std::vector<Item> items = ReadAll(run);
  ASSERT_EQ(items.size(), 9U);  // ten cells, one of them empty
  EXPECT_EQ(items[1].channel, 1);
  EXPECT_FLOAT_EQ(items[1].value, 75);
  EXPECT_EQ(items[4].ts_ns, run.start_ns + 3 * kSecond);
}

TEST_F(RecordingTest, NamesLineAndColumnOfABadCell) {
  Write("run.csv", std::string(kSkabHead) + "2020-03-09 10:14:33;0.1;oops;0.0;0.0\n");
  const auto all = OpenDataset(root());
  ASSERT_TRUE(all.has_value()) << all.error().what;
  auto reader = Reader::Open(all->front());
  ASSERT_TRUE(reader.has_value());
  Item item;
  const Result<bool> more = (*reader)->Next(item);
  ASSERT_FALSE(more.has_value());
  EXPECT_NE(more.error().what.find("run.csv:2: column 3: \"oops\" is not a number"),
            std::string::npos)
      << more.error().what;
}

TEST_F(RecordingTest, NamesTheRowWhoseTimeGoesBack) {
  Write("run.csv", std::string(kSkabHead) +
                       "2020-03-09 10:14:33;0.1;1;0.0;0.0\n2020-03-09 10:14:33;0.1;1;0.0;0.0\n"
                       "2020-03-09 10:14:32;0.1;1;0.0;0.0\n");
  const auto skab = OpenDataset(root());
  ASSERT_FALSE(skab.has_value());
  EXPECT_NE(skab.error().what.find("run.csv:4: its time is before"), std::string::npos)
      << skab.error().what;
  fs::remove(fs::path(root()) / "run.csv");
  Write("own/recording.toml",
        "[recording]\nname = \"own\"\nsite = \"lab\"\nasset = \"P-1\"\nsource = \"test\"\n"
        "licence = \"CC0-1.0\"\nstart = \"2026-11-17T14:32:08Z\"\n[[channel]]\nname = \"t\"\n"
        "unit = \"degC\"\nfile = \"t.csv\"\nformat = \"csv\"\ncolumn = \"t\"\n"
        "time_column = \"s\"\ntime_format = \"seconds\"\nrate_hz = 1\n");
  Write("own/t.csv", "s,t\n0,1\n2,2\n1,3\n");
  const auto own = OpenDataset(root());
  ASSERT_TRUE(own.has_value()) << own.error().what;
  auto reader = Reader::Open(own->front());
  ASSERT_TRUE(reader.has_value());
  Item item;
  Result<bool> more = true;
  while (more && *more) more = (*reader)->Next(item);
  ASSERT_FALSE(more.has_value());
  EXPECT_NE(more.error().what.find("t.csv:4: its time is before"), std::string::npos)
      << more.error().what;
}

TEST_F(RecordingTest, TwoRowsOfOneTimeMakeNoEmptyLabel) {
  Write("run.csv", std::string(kSkabHead) +
                       "2020-03-09 10:14:33;0.1;1;1.0;0.0\n2020-03-09 10:14:33;0.1;1;0.0;0.0\n");
  const auto all = OpenDataset(root());
  ASSERT_TRUE(all.has_value()) << all.error().what;
  EXPECT_TRUE(all->front().labels.empty());
}

TEST_F(RecordingTest, RefusesBadSkabRows) {
  Write("run.csv", std::string(kSkabHead) + "2020-03-09 10:14:33;0.1;1;0.0\n");
  const auto narrow = OpenDataset(root());
  ASSERT_FALSE(narrow.has_value());
  EXPECT_NE(narrow.error().what.find("run.csv:2: 4 columns instead of 5"), std::string::npos)
      << narrow.error().what;
  Write("run.csv", std::string(kSkabHead) + "yesterday;0.1;1;0.0;0\n");
  const auto time = OpenDataset(root());
  ASSERT_FALSE(time.has_value());
  EXPECT_NE(time.error().what.find("run.csv:2: column \"datetime\""), std::string::npos)
      << time.error().what;
  Write("run.csv", kSkabHead);
  EXPECT_FALSE(OpenDataset(root()).has_value());
}

TEST_F(RecordingTest, FindsNothingInAnEmptyFolder) {
  const auto all = OpenDataset(root());
  ASSERT_FALSE(all.has_value());
  EXPECT_EQ(all.error().code, Errc::kNotFound);
  EXPECT_EQ(OpenDataset(root() + "/missing").error().code, Errc::kNotFound);
}

RecordingInfo PumpInfo() {
  RecordingInfo info;
  info.name = "P-102 \"run\" 3";
  info.site = "alder";
  info.asset = "P-102";
  info.source = "a test";
  info.licence = "Apache-2.0";
  info.start_ns = kStart;
  info.machine = {
      .shaft_hz = 24.7, .bpfo = 3.57, .bpfi = 5.43, .bsf = 2.32, .ftf = 0.4, .rated_kw = 30};
  return info;
}

std::vector<WriterChannel> PumpChannels() {
  return {
      {.spec = {.name = "vib", .unit = "m/s2", .kind = dsp::ChannelKind::kSamples, .rate_hz = 1000},
       .format = FileFormat::kI16le,
       .scale = 0.01},
      {.spec = {.name = "raw", .unit = "g", .kind = dsp::ChannelKind::kSamples, .rate_hz = 500},
       .format = FileFormat::kF32le},
      {.spec = {.name = "temperature", .unit = "degC", .rate_hz = 1}}};
}

TEST_F(RecordingTest, ReadsWhatItWrote) {
  auto writer = Writer::Create(root() + "/a/run", PumpInfo(), PumpChannels());
  ASSERT_TRUE(writer.has_value()) << writer.error().what;
  std::vector<float> vib(1000), raw(450);
  for (size_t i = 0; i < vib.size(); ++i) vib[i] = static_cast<float>(std::sin(0.05 * i) * 12.3);
  for (size_t i = 0; i < raw.size(); ++i) raw[i] = static_cast<float>(i) * 0.001F;
  ASSERT_TRUE((*writer)->Block(0, std::span(vib).first(700)).has_value());
  ASSERT_TRUE((*writer)->Block(0, std::span(vib).subspan(700)).has_value());
  ASSERT_TRUE((*writer)->Block(1, raw).has_value());
  ASSERT_TRUE((*writer)->Reading(2, kStart + 250 * kMillisecond, 61.25F).has_value());
  const Label label = {
      .start_s = 0.25, .end_s = 0.75, .rating = Rating::kAnomaly, .fault = "outer_race"};
  ASSERT_TRUE((*writer)->Finish(std::span(&label, 1)).has_value());

  const auto all = OpenDataset(root());
  ASSERT_TRUE(all.has_value()) << all.error().what;
  ASSERT_EQ(all->size(), 1U);
  const RecordingInfo& info = all->front();
  EXPECT_EQ(info.id, "a/run");
  EXPECT_EQ(info.name, "P-102 \"run\" 3");
  EXPECT_EQ(info.start_ns, kStart);
  EXPECT_DOUBLE_EQ(info.machine.bsf, 2.32);
  ASSERT_EQ(info.labels.size(), 1U);
  EXPECT_EQ(info.labels[0].fault, "outer_race");
  ASSERT_NE(LabelAt(info, kStart + 300 * kMillisecond), nullptr);
  EXPECT_EQ(LabelAt(info, kStart + 800 * kMillisecond), nullptr);

  std::vector<std::vector<float>> blocks;
  const std::vector<Item> items = ReadAll(info, &blocks);
  std::vector<float> vib_read, raw_read;
  Nanos due = 0;
  int readings = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    EXPECT_GE(items[i].due_ns, due);
    due = items[i].due_ns;
    if (items[i].channel == 0) vib_read.insert(vib_read.end(), blocks[i].begin(), blocks[i].end());
    if (items[i].channel == 1) raw_read.insert(raw_read.end(), blocks[i].begin(), blocks[i].end());
    if (items[i].channel == 2) {
      ++readings;
      EXPECT_EQ(items[i].ts_ns, kStart + 250 * kMillisecond);
      EXPECT_FLOAT_EQ(items[i].value, 61.25F);
    }
  }
  EXPECT_EQ(readings, 1);
  EXPECT_EQ(raw_read, raw);
  ASSERT_EQ(vib_read.size(), vib.size());
  for (size_t i = 0; i < vib.size(); ++i) EXPECT_NEAR(vib_read[i], vib[i], 0.00501);
}

TEST_F(RecordingTest, WillNotOverwriteARecording) {
  auto writer = Writer::Create(root() + "/run", PumpInfo(), PumpChannels());
  ASSERT_TRUE(writer.has_value());
  ASSERT_TRUE((*writer)->Finish({}).has_value());
  EXPECT_EQ(Writer::Create(root() + "/run", PumpInfo(), PumpChannels()).error().code,
            Errc::kConflict);
}

constexpr const char* kToml = R"([recording]
asset = "P-1"
start = "2026-11-17T14:32:08Z"
[[channel]]
name = "vib"
unit = "g"
file = "data.csv"
format = "csv"
column = "a"
rate_hz = 1000
scale = 2
[[channel]]
name = "load"
file = "data.csv"
format = "csv"
column = "b"
time_column = "t"
time_format = "unix_ms"
rate_hz = 10
)";

TEST_F(RecordingTest, ReadsWaveformsAndReadingsFromOneCsv) {
  Write("run/recording.toml", kToml);
  std::string csv = "t,a,b\n";
  for (int i = 0; i < 500; ++i)
    csv += std::to_string(1'800'000'000'000 + 1 * i) + "," + std::to_string(i) + "," +
           (i % 100 == 0 ? std::to_string(i) : "") + "\n";
  WriteGz("run/data.csv.gz", csv);
  const auto all = OpenDataset(root() + "/run");
  ASSERT_TRUE(all.has_value()) << all.error().what;
  EXPECT_EQ(all->front().id, "run");
  EXPECT_EQ(all->front().channels[0].kind, dsp::ChannelKind::kSamples);
  EXPECT_EQ(all->front().channels[1].kind, dsp::ChannelKind::kReading);
  std::vector<std::vector<float>> blocks;
  const std::vector<Item> items = ReadAll(all->front(), &blocks);
  size_t samples = 0, readings = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    if (items[i].channel == 1) {
      ++readings;
      continue;
    }
    EXPECT_FLOAT_EQ(blocks[i][0], 2 * static_cast<float>(samples));
    samples += blocks[i].size();
  }
  EXPECT_EQ(samples, 500U);
  EXPECT_EQ(readings, 5U);
}

TEST_F(RecordingTest, NamesEveryFaultOfARecordingToml) {
  Write("run/recording.toml", R"([recording]
asset = "P 1"
start = "someday"
[[channel]]
name = "vib"
file = "../secret.f32le"
format = "f32"
rate_hz = 0
[[label]]
start_s = 2
end_s = 1
rating = "ANOMALY"
)");
  const auto all = OpenDataset(root());
  ASSERT_FALSE(all.has_value());
  for (const char* part :
       {"recording.toml:2", "recording.toml:3", "recording.toml:6", "recording.toml:7",
        "recording.toml:8", "inside the recording's folder", "lies before start_s"})
    EXPECT_NE(all.error().what.find(part), std::string::npos) << part << " in\n"
                                                              << all.error().what;
}

TEST_F(RecordingTest, AssignsGroups) {
  for (const char* name : {"a/1", "a/2", "b/1"}) {
    auto writer = Writer::Create(root() + "/" + name, PumpInfo(), PumpChannels());
    ASSERT_TRUE((*writer)->Finish({}).has_value());
  }
  Write("dataset.toml", "[groups]\ntrain = [\"a/*\"]\ntest = [\"b/1\"]\n");
  const auto all = OpenDataset(root());
  ASSERT_TRUE(all.has_value()) << all.error().what;
  EXPECT_EQ((*all)[0].group, "train");
  EXPECT_EQ((*all)[2].group, "test");
  Write("dataset.toml", "[groups]\ntrain = [\"a/*\", \"c/*\"]\ntest = [\"a/1\"]\n");
  const auto wrong = OpenDataset(root());
  ASSERT_FALSE(wrong.has_value());
  EXPECT_NE(wrong.error().what.find("\"c/*\" matches no recording"), std::string::npos)
      << wrong.error().what;
  EXPECT_NE(wrong.error().what.find("\"a/1\" is in \"test\" too"), std::string::npos)
      << wrong.error().what;
}

TEST_F(RecordingTest, NoticesCutFiles) {
  auto writer = Writer::Create(root() + "/run", PumpInfo(), PumpChannels());
  ASSERT_TRUE((*writer)->Finish({}).has_value());
  Write("run/vib.i16le", "abc");
  const auto all = OpenDataset(root());
  ASSERT_TRUE(all.has_value());
  auto reader = Reader::Open(all->front());
  ASSERT_TRUE(reader.has_value());
  Item item;
  const Result<bool> more = (*reader)->Next(item);
  ASSERT_FALSE(more.has_value());
  EXPECT_NE(more.error().what.find("ends within a sample"), std::string::npos);
}

TEST(CsvTest, SplitsQuotedFields) {
  std::vector<std::string_view> fields;
  SplitCsv(R"( a ,"b, c",,d)", ',', fields);
  EXPECT_EQ(fields, (std::vector<std::string_view>{"a", "b, c", "", "d"}));
  SplitCsv("", ',', fields);
  EXPECT_EQ(fields.size(), 1U);
}

TEST(SkabTest, ReadsTheRealRuns) {
  const std::string root = std::string(MW_SOURCE_DIR) + "/../shared/data/skab";
  if (!fs::exists(root)) GTEST_SKIP() << "the data folder ../shared is not here";
  const auto all = OpenDataset(root);
  ASSERT_TRUE(all.has_value()) << all.error().what;
  ASSERT_EQ(all->size(), 18U);
  size_t rows = 0;
  for (const RecordingInfo& info : *all) {
    EXPECT_EQ(info.channels.size(), 8U) << info.id;
    if (info.id == "anomaly-free") continue;
    for (const Item& item : ReadAll(info)) rows += item.channel == 0;
  }
  EXPECT_EQ(rows, 18'492U);
}

TEST_F(RecordingTest, ABearingMayBeToldByItsGeometry) {
  const auto open = [&](const std::string& bearing) {
    Write("a/recording.toml",
          "[recording]\nasset = \"a\"\nstart = \"2026-01-01T00:00:00Z\"\n[machine]\nshaft_hz = 25\n"
          "bearing = { " +
              bearing +
              " }\n[[channel]]\nname = \"v\"\nfile = \"v.f32le\"\nformat = \"f32le\"\n"
              "rate_hz = 100\n");
    Write("a/v.f32le", "abcd");
    return OpenDataset(root());
  };
  const auto good = open("elements = 8, ball = 2, pitch = 12, ftf = 0.4");
  ASSERT_TRUE(good) << good.error().what;
  EXPECT_NEAR(good->front().machine.bpfo * 25, 83.3333, 1e-3);
  EXPECT_NEAR(good->front().machine.bsf * 25, 72.9167, 1e-3);
  EXPECT_EQ(good->front().machine.ftf, 0.4);
  const auto bad = open("elements = 8, ball = 12, pitch = 12");
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().what.find("ball must be smaller"), std::string::npos) << bad.error().what;
}

}  // namespace
}  // namespace millwright::recording
