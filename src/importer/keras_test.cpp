#include "importer/keras.h"

#include <gtest/gtest.h>

#include "importer/hdf5.h"
#include "importer/import.h"
#include "importer/keras_config.h"
#include "importer/testing/nets.h"
#include "importer/zip.h"

namespace millwright::importer {
namespace {

// Keras 3.15 made these files and these answers: tests/oracles/import_fixtures.py.
class KerasGolden : public testing::TestWithParam<const char*> {};

TEST_P(KerasGolden, AnswersAsKerasDoes) {
  const auto windows = ReadWindows(Golden("windows.npy"), "windows.npy");
  const auto want = ReadWindows(Golden("want.npy"), "want.npy");
  ASSERT_TRUE(windows && want);
  const auto done = Import(Golden(GetParam()), GetParam(), *windows, {.agreement_min = 0});
  ASSERT_TRUE(done) << done.error().what;
  ASSERT_EQ(done->float_outputs.size(), want->values.size());
  for (size_t i = 0; i < want->values.size(); ++i)
    EXPECT_NEAR(done->float_outputs[i], want->values[i], 1e-5F) << i;
  EXPECT_GE(done->agreement.share(), 0.99);
  EXPECT_EQ(done->outputs, 3U);
}
INSTANTIATE_TEST_SUITE_P(Files, KerasGolden,
                         testing::Values("sequential.keras", "functional_deflated.keras"));

TEST(Keras, ReadsLayersOfTheGoldenFile) {
  const auto net = ReadKeras(Golden("functional_deflated.keras"), 14);
  ASSERT_TRUE(net) << net.error().what;
  EXPECT_EQ(net->features, 3);
  EXPECT_EQ(net->layers[0].kind, "Normalization");
  EXPECT_EQ(net->layers[1].kind, "LSTM");
  EXPECT_EQ(std::get<Lstm>(net->layers[1].op).units, 8);
}

// Truncated at every length, and with bytes changed: an error or a net, never a crash.
TEST(Keras, DamagedFilesAreErrors) {
  for (const char* name : {"sequential.keras", "functional_deflated.keras"}) {
    const std::vector<std::byte> whole = Golden(name);
    ASSERT_FALSE(whole.empty());
    for (size_t length = 0; length < whole.size(); length += 1 + whole.size() / 400)
      EXPECT_FALSE(ReadKeras(std::span(whole).first(length), 14)) << length;
    std::mt19937 random(5);
    for (int i = 0; i < 400; ++i) {
      std::vector<std::byte> bytes = whole;
      for (int flips = 0; flips < 1 + i % 8; ++flips)
        bytes[random() % bytes.size()] = static_cast<std::byte>(random());
      (void)ReadKeras(bytes, 14);  // the CRC of a member sees nearly all of it
    }
  }
}

// The same below the CRC, where the reader of HDF5 stands alone.
TEST(Hdf5, DamagedFilesAreErrors) {
  const std::vector<std::byte> archive = Golden("sequential.keras");
  const auto zip = ZipArchive::Open(archive);
  ASSERT_TRUE(zip);
  const auto whole = zip->Read("model.weights.h5");
  ASSERT_TRUE(whole);
  const auto read_all = [](std::span<const std::byte> bytes) {
    const auto file = Hdf5File::Open(bytes);
    if (!file) return 0;
    int read = 0;
    for (const char* path : {"layers/lstm/cell/vars/0", "layers/lstm_1/cell/vars/2",
                             "layers/dense/vars/0", "layers/batch_normalization/vars/3"})
      read += file->Read(path) ? 1 : 0;
    return read;
  };
  EXPECT_EQ(read_all(*whole), 4);
  for (size_t length = 0; length < whole->size(); length += 97)
    EXPECT_LT(read_all(std::span(*whole).first(length)), 5);
  std::mt19937 random(6);
  for (int i = 0; i < 3000; ++i) {
    std::vector<std::byte> bytes = *whole;
    // Near the structures, which are at the front and between the groups.
    for (int flips = 0; flips < 1 + i % 16; ++flips)
      bytes[random() % bytes.size()] = static_cast<std::byte>(i % 3 == 0 ? 0xff : random());
    (void)read_all(bytes);
  }
}

TEST(Hdf5, SaysWhatIsNotThere) {
  const std::vector<std::byte> archive = Golden("sequential.keras");
  const auto bytes = ZipArchive::Open(archive)->Read("model.weights.h5");
  const auto file = Hdf5File::Open(*bytes);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->Read("layers/gru/vars/0").error().code, Errc::kNotFound);
  EXPECT_EQ(file->Read("layers").error().code, Errc::kUnsupported);
  const auto tensor = file->Read("layers/dense/vars/0");
  ASSERT_TRUE(tensor);
  EXPECT_EQ(tensor->shape, (std::vector<uint64_t>{6, 5}));
  const auto small = Hdf5File::Open(*bytes, {.values = 10});
  EXPECT_EQ(small->Read("layers/dense/vars/0").error().code, Errc::kExhausted);
}

TEST(Zip, SaysWhatIsWrong) {
  EXPECT_FALSE(ZipArchive::Open({}));
  const std::vector<std::byte> archive = Golden("functional_deflated.keras");
  const auto zip = ZipArchive::Open(archive);
  ASSERT_TRUE(zip);
  EXPECT_EQ(zip->Read("nothing").error().code, Errc::kNotFound);
  EXPECT_EQ(ZipArchive::Open(archive, {.members = 2}).error().code, Errc::kExhausted);
  EXPECT_EQ(ZipArchive::Open(archive, {.member_bytes = 100})->Read("config.json").error().code,
            Errc::kExhausted);
}

TEST(KerasConfig, NamesGroupsAsKerasDoes) {
  EXPECT_EQ(SnakeCase("LSTM"), "lstm");
  EXPECT_EQ(SnakeCase("BatchNormalization"), "batch_normalization");
  EXPECT_EQ(SnakeCase("Conv1D"), "conv1d");
  EXPECT_EQ(SnakeCase("GlobalAveragePooling1D"), "global_average_pooling1d");
  EXPECT_EQ(SnakeCase("TimeDistributed"), "time_distributed");
  EXPECT_EQ(SnakeCase("ReLU"), "re_lu");
}

std::string Sequential(const std::string& layers) {
  return R"({"class_name":"Sequential","config":{"layers":[{"class_name":"InputLayer","config":)"
         R"({"name":"in","batch_shape":[null,12,2]}},)" +
         layers + "]}}";
}

TEST(KerasConfig, NumbersGroupsPerClass) {
  const auto model = ReadKerasConfig(Sequential(
      R"({"class_name":"LSTM","config":{"name":"a"}},{"class_name":"Dense","config":{"name":"b"}},)"
      R"({"class_name":"LSTM","config":{"name":"c"}})"));
  ASSERT_TRUE(model) << model.error().what;
  EXPECT_EQ(model->steps, 12);
  EXPECT_EQ(model->layers[0].group, "lstm");
  EXPECT_EQ(model->layers[1].group, "dense");
  EXPECT_EQ(model->layers[2].group, "lstm_1");
}

TEST(KerasConfig, RefusesForksByTheLayersName) {
  const std::string text =
      R"({"class_name":"Functional","config":{"layers":[
      {"class_name":"InputLayer","config":{"name":"x","batch_shape":[null,5,2]},"inbound_nodes":[]},
      {"class_name":"LSTM","config":{"name":"l"},"inbound_nodes":[{"args":[{"config":
       {"keras_history":["x",0,0]}}],"kwargs":{}}]},
      {"class_name":"Add","config":{"name":"sum"},"inbound_nodes":[{"args":[[{"config":
       {"keras_history":["x",0,0]}},{"config":{"keras_history":["l",0,0]}}]],"kwargs":{}}]}],
      "output_layers":["sum",0,0]}})";
  const auto model = ReadKerasConfig(text);
  ASSERT_FALSE(model);
  EXPECT_NE(model.error().what.find("layer 'sum' (Add) has 2 inputs"), std::string::npos)
      << model.error().what;
}

TEST(KerasConfig, ReadsFunctionalModelsOfKeras2) {
  const auto model = ReadKerasConfig(
      R"({"class_name":"Functional","config":{"layers":[
      {"class_name":"InputLayer","config":{"name":"x","batch_input_shape":[null,null,2]},
       "inbound_nodes":[]},
      {"class_name":"LSTM","config":{"name":"l"},"inbound_nodes":[[["x",0,0,{}]]]}],
      "input_layers":[["x",0,0]],"output_layers":[["l",0,0]]}})");
  ASSERT_TRUE(model) << model.error().what;
  EXPECT_EQ(model->steps, 0);
  EXPECT_EQ(model->layers.size(), 1U);
}

TEST(KerasConfig, BrokenTextIsAnError) {
  for (const char* text :
       {"", "{", "[]", "{}", R"({"class_name":"Sequential","config":{"layers":[1,2]}})",
        R"({"class_name":"Sequential","config":{"layers":[{"class_name":"LSTM"}]}})",
        R"({"class_name":"MyModel","config":{"layers":[{}]}})",
        R"({"class_name":"Sequential","config":{"layers":[{"class_name":"LSTM",
            "config":{"name":"l","batch_shape":[null,-5,1e99]}}]}})"})
    EXPECT_FALSE(ReadKerasConfig(text)) << text;
}

}  // namespace
}  // namespace millwright::importer
