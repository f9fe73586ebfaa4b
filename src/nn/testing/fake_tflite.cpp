// A stand-in for libtensorflowlite_c.so, for tests: its "model" is the text FAKE and one byte, how
// wide its one input and one output are; each run adds the input to a state and gives the state.
#include <cstdint>
#include <cstring>
#include <vector>

struct Model {
  size_t width = 0;
};
struct Tensor {
  std::vector<int8_t> values;
};
struct Interpreter {
  Tensor input, output;
};

extern "C" {

const char* TfLiteVersion() { return "0.0-fake"; }

Model* TfLiteModelCreate(const void* data, size_t size) {
  if (size != 5 || std::memcmp(data, "FAKE", 4) != 0) return nullptr;
  return new Model{static_cast<const uint8_t*>(data)[4]};
}
void TfLiteModelDelete(Model* model) { delete model; }

void* TfLiteInterpreterOptionsCreate() { return new int32_t{1}; }
void TfLiteInterpreterOptionsDelete(void* options) { delete static_cast<int32_t*>(options); }
void TfLiteInterpreterOptionsSetNumThreads(void* options, int32_t threads) {
  *static_cast<int32_t*>(options) = threads;
}

Interpreter* TfLiteInterpreterCreate(const Model* model, const void* /*options*/) {
  return new Interpreter{{std::vector<int8_t>(model->width)}, {std::vector<int8_t>(model->width)}};
}
void TfLiteInterpreterDelete(Interpreter* interpreter) { delete interpreter; }
int TfLiteInterpreterAllocateTensors(Interpreter* /*interpreter*/) { return 0; }

int TfLiteInterpreterInvoke(Interpreter* interpreter) {
  for (size_t i = 0; i < interpreter->input.values.size(); ++i) {
    // -128 asks for a failure.
    if (interpreter->input.values[i] == -128) return 1;
    interpreter->output.values[i] =
        static_cast<int8_t>(interpreter->output.values[i] + interpreter->input.values[i]);
  }
  return 0;
}

int32_t TfLiteInterpreterGetInputTensorCount(const Interpreter* /*interpreter*/) { return 1; }
int32_t TfLiteInterpreterGetOutputTensorCount(const Interpreter* /*interpreter*/) { return 1; }
Tensor* TfLiteInterpreterGetInputTensor(Interpreter* interpreter, int32_t /*index*/) {
  return &interpreter->input;
}
const Tensor* TfLiteInterpreterGetOutputTensor(const Interpreter* interpreter, int32_t /*index*/) {
  return &interpreter->output;
}

size_t TfLiteTensorByteSize(const Tensor* tensor) { return tensor->values.size(); }
int TfLiteTensorCopyFromBuffer(Tensor* tensor, const void* data, size_t size) {
  if (size != tensor->values.size()) return 1;
  std::memcpy(tensor->values.data(), data, size);
  return 0;
}
int TfLiteTensorCopyToBuffer(const Tensor* tensor, void* data, size_t size) {
  if (size != tensor->values.size()) return 1;
  std::memcpy(data, tensor->values.data(), size);
  return 0;
}

#ifdef MW_FAKE_RESETS
int TfLiteInterpreterResetVariableTensors(Interpreter* interpreter) {
  interpreter->output.values.assign(interpreter->output.values.size(), 0);
  return 0;
}
#endif

}  // extern "C"
