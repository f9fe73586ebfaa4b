#include <gtest/gtest.h>
#include <zlib.h>

#include "importer/keras.h"
#include "importer/testing/nets.h"
#include "importer/zip.h"

namespace millwright::importer {
namespace {

void Number(std::string& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i)  // no type shifts by more than its bits
    out += i < 8 ? static_cast<char>(value >> (8 * i) & 0xff) : '\0';
}

// An archive of stored members.
std::string Zip(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string files, directory;
  for (const auto& [name, text] : members) {
    std::string common;
    Number(common, 20, 2);
    Number(common, 0, 8);  // flags, method, time, date
    Number(common,
           crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())),
           4);
    Number(common, text.size(), 4);
    Number(common, text.size(), 4);
    Number(common, name.size(), 2);
    Number(common, 0, 2);
    Number(directory, 0x02014b50, 4);
    Number(directory, 20, 2);
    directory += common;
    Number(directory, 0, 10);
    Number(directory, files.size(), 4);
    directory += name;
    Number(files, 0x04034b50, 4);
    files += common + name + text;
  }
  std::string end;
  Number(end, 0x06054b50, 4);
  Number(end, 0, 4);
  Number(end, members.size(), 2);
  Number(end, members.size(), 2);
  Number(end, directory.size(), 4);
  Number(end, files.size(), 4);
  Number(end, 0, 2);
  return files + directory + end;
}

// A Sequential model over [14, 3] with these layers and the golden file's weights.
Result<Net> Read(const std::string& layers) {
  const auto golden = Golden("sequential.keras");
  const auto weights = ZipArchive::Open(golden)->Read("model.weights.h5");
  const std::string config =
      R"({"class_name":"Sequential","config":{"layers":[{"class_name":"InputLayer","config":)"
      R"({"name":"in","batch_shape":[null,14,3]}},)" +
      layers + "]}}";
  const std::string archive = Zip(
      {{"config.json", config},
       {"model.weights.h5", {reinterpret_cast<const char*>(weights->data()), weights->size()}}});
  return ReadKeras(std::as_bytes(std::span(archive)), 14);
}

const std::string kLstm =
    R"({"class_name":"LSTM","config":{"name":"l","units":8,"activation":"tanh",
        "recurrent_activation":"sigmoid","use_bias":true,"return_sequences":true)";

TEST(KerasLayers, ReadsALayerByItsConfiguration) {
  const auto sequence = Read(kLstm + "}}");
  ASSERT_TRUE(sequence) << sequence.error().what;
  EXPECT_EQ(sequence->layers.back().out, (Shape{14, 8}));
  const auto no_bias = Read(
      R"({"class_name":"LSTM","config":{"name":"l","units":8,"activation":"tanh",
          "recurrent_activation":"sigmoid","use_bias":false}},
         {"class_name":"Dropout","config":{"name":"d","rate":0.5}})");
  ASSERT_TRUE(no_bias) << no_bias.error().what;
  EXPECT_EQ(no_bias->layers.size(), 2U);
  EXPECT_EQ(std::get<Lstm>(no_bias->layers[0].op).biases[1], std::vector<float>(8, 0));
}

TEST(KerasLayers, NamesWhatItDoesNotTake) {
  struct Case {
    std::string layers;
    const char* says;
  };
  const Case cases[] = {
      {R"({"class_name":"GRU","config":{"name":"g"}})", "layer 'g' (GRU) cannot be taken"},
      {R"({"class_name":"Bidirectional","config":{"name":"b","layer":{"class_name":"LSTM"}}})",
       "layer 'b' (Bidirectional) cannot be taken"},
      {R"({"class_name":"Masking","config":{"name":"m"}})", "layer 'm' (Masking)"},
      {kLstm + R"(,"go_backwards":true}})", "layer 'l' (LSTM) goes backwards"},
      {kLstm + R"(,"stateful":true}})", "stateful"},
      {kLstm + R"(,"return_state":true}})", "returns its state"},
      {kLstm + R"(,"activation":"relu"}})", "other activations than tanh and sigmoid"},
      {kLstm + R"(,"units":9}})", "has weights of another shape"},
      {kLstm + R"(,"units":-1}})", "no usable 'units'"},
      {kLstm + R"(,"units":1e300}})", "no usable 'units'"},
      {kLstm + R"(}},{"class_name":"ReLU","config":{"name":"r","negative_slope":0.1}})",
       "layer 'r' (ReLU) has a slope"},
      {kLstm + R"(}},{"class_name":"Activation","config":{"name":"a","activation":"gelu"}})",
       "has the activation 'gelu'"},
      {kLstm + R"(}},{"class_name":"Softmax","config":{"name":"s","axis":1}})", "last axis"},
      {R"({"class_name":"TimeDistributed","config":{"name":"t","layer":{"class_name":"LSTM"}}})",
       "around Dense only"},
      {R"({"class_name":"Dense","config":{"name":"d","units":5}})", "another shape"},
      {R"({"class_name":"Conv1D","config":{"name":"c","groups":3}})", "has groups"},
      {R"({"class_name":"MaxPooling1D","config":{"name":"p","pool_size":3,"strides":2,
          "padding":"same"}})",
       "has a padding"},
      {R"({"class_name":"Functional","config":{"name":"f","layers":[]}})", "a model inside"},
      {R"({"class_name":"Normalization","config":{"name":"n","axis":[1]}})", "last axis"},
  };
  for (const Case& c : cases) {
    const auto net = Read(c.layers);
    ASSERT_FALSE(net) << c.says;
    EXPECT_NE(net.error().what.find(c.says), std::string::npos) << net.error().what;
  }
}

TEST(KerasLayers, MissingMembersAreErrors) {
  for (const std::string& archive :
       {Zip({}), Zip({{"config.json", "{}"}}), Zip({{"model.weights.h5", ""}})})
    EXPECT_FALSE(ReadKeras(std::as_bytes(std::span(archive)), 14));
}

}  // namespace
}  // namespace millwright::importer
