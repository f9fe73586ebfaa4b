#include "trainer/data_hash.h"

#include <set>

#include "crypto/sha256.h"

namespace millwright::trainer {

using recording::RecordingInfo;

Result<std::string> HashData(std::span<const RecordingInfo> recordings) {
  crypto::Sha256 hash;
  for (const RecordingInfo& info : recordings) {
    hash.Update(info.id + "\n");
    std::set<std::string> paths;
    for (const recording::ChannelSource& source : info.sources) paths.insert(source.path);
    for (const std::string& path : paths) {
      MW_TRY(const std::string digest, crypto::Sha256HexOfFile(path));
      hash.Update(digest + "\n");
    }
    for (const recording::Label& label : info.labels)
      hash.Update(std::to_string(label.start_s) + " " + std::to_string(label.end_s) + " " +
                  std::string(recording::Name(label.rating)) + " " + label.fault + "\n");
  }
  return hash.TakeHex();
}

}  // namespace millwright::trainer
