#include "nn/tflite_library.h"

#include <dlfcn.h>

#include <cstdint>
#include <vector>

namespace millwright::nn {
namespace {

// The C interface's types are only ever pointed at.
struct Model;
struct Options;
struct Interpreter;
struct LibraryTensor;

// Functions of tensorflow/lite/c/c_api.h. A status of 0 is success.
struct Api {
  const char* (*version)() = nullptr;
  Model* (*model_create)(const void*, size_t) = nullptr;
  void (*model_delete)(Model*) = nullptr;
  Options* (*options_create)() = nullptr;
  void (*options_delete)(Options*) = nullptr;
  void (*options_set_threads)(Options*, int32_t) = nullptr;
  Interpreter* (*create)(const Model*, const Options*) = nullptr;
  void (*destroy)(Interpreter*) = nullptr;
  int (*allocate)(Interpreter*) = nullptr;
  int (*invoke)(Interpreter*) = nullptr;
  int32_t (*input_count)(const Interpreter*) = nullptr;
  LibraryTensor* (*input)(const Interpreter*, int32_t) = nullptr;
  int32_t (*output_count)(const Interpreter*) = nullptr;
  const LibraryTensor* (*output)(const Interpreter*, int32_t) = nullptr;
  size_t (*tensor_bytes)(const LibraryTensor*) = nullptr;
  int (*copy_in)(LibraryTensor*, const void*, size_t) = nullptr;
  int (*copy_out)(const LibraryTensor*, void*, size_t) = nullptr;
  int (*reset_states)(Interpreter*) = nullptr;  // may be missing: it is experimental
};

class Symbols {
 public:
  explicit Symbols(void* library) : library_(library) {}
  template <typename Function>
  void Find(const char* name, Function& function, bool required = true) {
    function = reinterpret_cast<Function>(dlsym(library_, name));
    if (function == nullptr && required)
      missing_ += (missing_.empty() ? "" : ", ") + std::string(name);
  }
  [[nodiscard]] const std::string& missing() const { return missing_; }

 private:
  void* library_;
  std::string missing_;
};

Result<Api> FindApi(void* library, const std::string& path) {
  Api api;
  Symbols symbols(library);
  symbols.Find("TfLiteVersion", api.version);
  symbols.Find("TfLiteModelCreate", api.model_create);
  symbols.Find("TfLiteModelDelete", api.model_delete);
  symbols.Find("TfLiteInterpreterOptionsCreate", api.options_create);
  symbols.Find("TfLiteInterpreterOptionsDelete", api.options_delete);
  symbols.Find("TfLiteInterpreterOptionsSetNumThreads", api.options_set_threads);
  symbols.Find("TfLiteInterpreterCreate", api.create);
  symbols.Find("TfLiteInterpreterDelete", api.destroy);
  symbols.Find("TfLiteInterpreterAllocateTensors", api.allocate);
  symbols.Find("TfLiteInterpreterInvoke", api.invoke);
  symbols.Find("TfLiteInterpreterGetInputTensorCount", api.input_count);
  symbols.Find("TfLiteInterpreterGetInputTensor", api.input);
  symbols.Find("TfLiteInterpreterGetOutputTensorCount", api.output_count);
  symbols.Find("TfLiteInterpreterGetOutputTensor", api.output);
  symbols.Find("TfLiteTensorByteSize", api.tensor_bytes);
  symbols.Find("TfLiteTensorCopyFromBuffer", api.copy_in);
  symbols.Find("TfLiteTensorCopyToBuffer", api.copy_out);
  symbols.Find("TfLiteInterpreterResetVariableTensors", api.reset_states, false);
  if (!symbols.missing().empty())
    return Fail(Errc::kUnsupported, "nn: " + path + " lacks " + symbols.missing());
  return api;
}

struct CloseLibrary {
  void operator()(void* library) const { dlclose(library); }
};
using Handle = std::shared_ptr<void>;

tl::unexpected<Error> Failed(const char* what) {
  return Fail(Errc::kIo, std::string("nn: TensorFlow Lite could not ") + what);
}

class Session : public TfliteSession {
 public:
  Session(Handle library, const Api& api, std::span<const std::byte> file, TfliteOptions options)
      : library_(std::move(library)),
        api_(api),
        options_(options),
        file_(file.begin(), file.end()) {}
  ~Session() override {
    if (interpreter_ != nullptr) api_.destroy(interpreter_);
    if (model_ != nullptr) api_.model_delete(model_);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Result<void> Start() {
    model_ = api_.model_create(file_.data(), file_.size());
    if (model_ == nullptr) return Fail(Errc::kInvalid, "nn: TensorFlow Lite refuses the model");
    MW_TRY(MakeInterpreter());
    for (int32_t i = 0; i < api_.input_count(interpreter_); ++i)
      input_bytes_ += api_.tensor_bytes(api_.input(interpreter_, i));
    for (int32_t i = 0; i < api_.output_count(interpreter_); ++i)
      output_bytes_ += api_.tensor_bytes(api_.output(interpreter_, i));
    if (input_bytes_ == 0 || output_bytes_ == 0)
      return Fail(Errc::kUnsupported, "nn: a model whose shapes are known only at run time");
    return {};
  }

  size_t input_bytes() const override { return input_bytes_; }
  size_t output_bytes() const override { return output_bytes_; }

  Result<void> Run(std::span<const std::byte> in, std::span<std::byte> out) override {
    if (in.size() != input_bytes_ || out.size() != output_bytes_) {
      return Fail(Errc::kInvalid, "nn: " + std::to_string(in.size()) + " bytes in and " +
                                      std::to_string(out.size()) + " out; the model has " +
                                      std::to_string(input_bytes_) + " and " +
                                      std::to_string(output_bytes_));
    }
    const std::byte* from = in.data();
    for (int32_t i = 0; i < api_.input_count(interpreter_); ++i) {
      LibraryTensor* tensor = api_.input(interpreter_, i);
      const size_t bytes = api_.tensor_bytes(tensor);
      if (api_.copy_in(tensor, from, bytes) != 0) return Failed("take the input");
      from += bytes;
    }
    if (api_.invoke(interpreter_) != 0) return Failed("run the model");
    std::byte* to = out.data();
    const std::byte* end = to + out.size();
    for (int32_t i = 0; i < api_.output_count(interpreter_); ++i) {
      const LibraryTensor* tensor = api_.output(interpreter_, i);
      const size_t bytes = api_.tensor_bytes(tensor);
      // An output may have grown: its shape may depend on values.
      if (bytes > static_cast<size_t>(end - to)) return Failed("keep the output's size");
      if (api_.copy_out(tensor, to, bytes) != 0) return Failed("give the output");
      to += bytes;
    }
    return {};
  }

  Result<void> ResetState() override {
    if (api_.reset_states == nullptr) return MakeInterpreter();
    if (api_.reset_states(interpreter_) != 0) return Failed("reset the state");
    return {};
  }

 private:
  Result<void> MakeInterpreter() {
    if (interpreter_ != nullptr) api_.destroy(interpreter_);
    Options* options = api_.options_create();
    if (options != nullptr) api_.options_set_threads(options, options_.threads);
    interpreter_ = api_.create(model_, options);
    if (options != nullptr) api_.options_delete(options);
    if (interpreter_ == nullptr)
      return Fail(Errc::kInvalid, "nn: TensorFlow Lite cannot plan the model");
    if (api_.allocate(interpreter_) != 0)
      return Fail(Errc::kInvalid, "nn: TensorFlow Lite cannot prepare the model's tensors");
    return {};
  }

  Handle library_;  // closed last
  Api api_;
  TfliteOptions options_;
  std::vector<std::byte> file_;  // the library reads it as long as the model lives
  Model* model_ = nullptr;
  Interpreter* interpreter_ = nullptr;
  size_t input_bytes_ = 0, output_bytes_ = 0;
};

class Library : public TfliteLibrary {
 public:
  Library(Handle library, const Api& api) : library_(std::move(library)), api_(api) {}

  std::string version() const override {
    const char* text = api_.version();
    return text == nullptr ? "unknown" : text;
  }
  Result<std::unique_ptr<TfliteSession>> Load(std::span<const std::byte> file,
                                              TfliteOptions options) const override {
    auto session = std::make_unique<Session>(library_, api_, file, options);
    MW_TRY(session->Start());
    return session;
  }

 private:
  Handle library_;
  Api api_;
};

}  // namespace

Result<std::shared_ptr<const TfliteLibrary>> TfliteLibrary::Open(const std::string& path) {
  // Local: its symbols stay its own, whatever else this process holds.
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = dlerror();
    return Fail(Errc::kNotFound,
                "nn: " + path + " cannot be opened: " + (why == nullptr ? "unknown" : why));
  }
  const Handle handle(library, CloseLibrary{});
  MW_TRY(const Api api, FindApi(library, path));
  return std::make_shared<const Library>(handle, api);
}

}  // namespace millwright::nn
