#include "tflite_peer.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace millwright::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kNoPackage = 3;
constexpr size_t kAnswerBytesMax = size_t{1} << 30;

// argv: model, input, folder for the answers. BUILTIN_REF is the one set of kernels that gives the
// same bytes on every processor.
constexpr const char* kScript = R"(
import sys
interpreter = None
for name in ("ai_edge_litert", "tflite_runtime", "tensorflow"):
    try:
        if name == "tensorflow":
            import tensorflow as package
            interpreter, resolvers = package.lite.Interpreter, package.lite.experimental
        else:
            package = __import__(name + ".interpreter").interpreter
            interpreter, resolvers = package.Interpreter, package
        break
    except ImportError:
        continue
if interpreter is None:
    sys.exit(3)
import numpy
from importlib import metadata
version = name
for package in (name, name.replace("_", "-"), "tensorflow-cpu"):
    try:
        version = name + " " + metadata.version(package)
        break
    except metadata.PackageNotFoundError:
        continue
model, data, folder = sys.argv[1:4]
try:
    peer = interpreter(
        model_path=model, num_threads=1,
        experimental_op_resolver_type=resolvers.OpResolverType.BUILTIN_REF)
    peer.allocate_tensors()
    inputs, outputs = peer.get_input_details(), peer.get_output_details()
    sizes = [int(numpy.prod(one["shape"])) * numpy.dtype(one["dtype"]).itemsize for one in inputs]
    data = open(data, "rb").read()
    for answer, carry in (("fresh", False), ("carried", True)):
        peer.reset_all_variables()
        with open(folder + "/" + answer, "wb") as out:
            for at in range(0, len(data), sum(sizes)):
                if not carry:
                    peer.reset_all_variables()
                for one, size in zip(inputs, sizes):
                    values = numpy.frombuffer(data[at:at + size], one["dtype"])
                    peer.set_tensor(one["index"], values.reshape(one["shape"]))
                    at += size
                peer.invoke()
                for one in outputs:
                    out.write(peer.get_tensor(one["index"]).tobytes())
except (RuntimeError, ValueError) as error:
    sys.exit(str(error))
open(folder + "/version", "w").write(version)
)";

// A folder of its own, gone with the object.
class Folder {
 public:
  static Result<Folder> Make() {
    std::string pattern = (fs::temp_directory_path() / "millwright-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
      return Fail(Errc::kIo, pattern + ": " + std::strerror(errno));
    return Folder(pattern);
  }
  Folder(Folder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Folder& operator=(Folder&&) = delete;
  ~Folder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string File(const char* name) const { return path_ + "/" + name; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit Folder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// The exit status; stdout and stderr go to the file.
Result<int> RunProgram(std::vector<std::string> words, const std::string& log) {
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t child = 0;
  const int failed =
      ::posix_spawnp(&child, words[0].c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return Fail(Errc::kNotFound, words[0] + ": " + std::strerror(failed));
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string LastLine(os::Files& files, const std::string& path) {
  const auto bytes = files.Read(path, size_t{1} << 20);
  if (!bytes) return "it said nothing";
  std::string text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

}  // namespace

Result<PeerAnswer> AskPeer(const std::string& python, std::span<const std::byte> model,
                           std::span<const std::byte> input) {
  os::RealFiles files;
  MW_TRY(const Folder folder, Folder::Make());
  MW_TRY(files.WriteFast(folder.File("model.tflite"), model));
  MW_TRY(files.WriteFast(folder.File("input"), input));
  MW_TRY(const int status, RunProgram({python, "-c", kScript, folder.File("model.tflite"),
                                       folder.File("input"), folder.path()},
                                      folder.File("log")));
  if (status == kNoPackage) {
    return Fail(Errc::kNotFound,
                python + " has none of ai_edge_litert, tflite_runtime and tensorflow");
  }
  if (status != 0) {
    return Fail(Errc::kInvalid,
                "TensorFlow Lite in " + python + " failed: " + LastLine(files, folder.File("log")));
  }
  PeerAnswer answer;
  answer.version = LastLine(files, folder.File("version"));
  MW_TRY(answer.fresh, files.Read(folder.File("fresh"), kAnswerBytesMax));
  MW_TRY(answer.carried, files.Read(folder.File("carried"), kAnswerBytesMax));
  return answer;
}

}  // namespace millwright::cli
