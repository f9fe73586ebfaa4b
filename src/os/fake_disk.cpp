#include "os/fake_disk.h"

#include <algorithm>
#include <random>
#include <set>

namespace millwright::os {
namespace {

constexpr size_t kWhole = ~size_t{0};
constexpr size_t kTornAt[] = {512, 4096};  // sectors of old and new disks

bool IsBelow(const std::string& path, const std::string& folder) {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

}  // namespace

Result<FakeDisk::Inode> FakeDisk::FileAt(const std::string& path) const {
  const auto found = live_.names.find(path);
  if (found == live_.names.end()) return Fail(Errc::kNotFound, "files: no " + path);
  if (found->second == kFolder) return Fail(Errc::kInvalid, "files: " + path + " is a folder");
  return found->second;
}

Result<void> FakeDisk::Do(Change change) {
  if (log_.size() == fail_at_ || (fail_lasting_ && log_.size() > fail_at_)) {
    if (!fail_lasting_) fail_at_ = ~size_t{0};
    return Fail(fail_code_, "files: injected fault at " + change.path);
  }
  Apply(live_, change, kWhole);
  log_.push_back(std::move(change));
  return {};
}

Result<Bytes> FakeDisk::Read(const std::string& path, size_t limit_bytes) {
  MW_TRY(const Inode inode, FileAt(path));
  const Bytes& bytes = live_.contents.at(inode);
  if (bytes.size() > limit_bytes) return Fail(Errc::kExhausted, "files: " + path + " is too large");
  return bytes;
}

Result<void> FakeDisk::Create(const std::string& path) {
  if (const auto there = FileAt(path))
    return Do({.kind = Change::Kind::kTruncate, .inode = *there, .path = path});
  if (!Exists(FolderOf(path))) return Fail(Errc::kNotFound, "files: no " + FolderOf(path));
  const Inode inode = next_inode_++;
  live_.contents[inode] = {};
  return Do({.kind = Change::Kind::kName, .inode = inode, .path = path});
}

Result<void> FakeDisk::WriteAt(const std::string& path, uint64_t offset,
                               std::span<const std::byte> bytes) {
  MW_TRY(const Inode inode, FileAt(path));
  return Do({.kind = Change::Kind::kWrite,
             .inode = inode,
             .offset = offset,
             .bytes = Bytes(bytes.begin(), bytes.end()),
             .path = path});
}

Result<void> FakeDisk::SyncFile(const std::string& path) {
  MW_TRY(const Inode inode, FileAt(path));
  return Do({.kind = Change::Kind::kSyncFile, .inode = inode, .path = path});
}

Result<void> FakeDisk::SyncFolder(const std::string& folder) {
  if (!Exists(folder)) return Fail(Errc::kNotFound, "files: no " + folder);
  return Do({.kind = Change::Kind::kSyncFolder, .path = folder});
}

Result<void> FakeDisk::Rename(const std::string& from, const std::string& to) {
  const auto found = live_.names.find(from);
  if (found == live_.names.end()) return Fail(Errc::kNotFound, "files: no " + from);
  return Do({.kind = Change::Kind::kMove, .inode = found->second, .path = from, .to = to});
}

Result<void> FakeDisk::Remove(const std::string& path) {
  const auto found = live_.names.find(path);
  if (found == live_.names.end()) return {};
  const auto below =
      std::ranges::find_if(live_.names, [&](const auto& n) { return IsBelow(n.first, path); });
  if (below != live_.names.end()) return Fail(Errc::kIo, "files: " + path + " is not empty");
  return Do({.kind = Change::Kind::kDrop, .inode = found->second, .path = path});
}

Result<bool> FakeDisk::MakeFolder(const std::string& path) {
  const auto found = live_.names.find(path);
  if (found != live_.names.end()) {
    if (found->second == kFolder) return false;
    return Fail(Errc::kIo, "files: " + path + " is a file");
  }
  if (!Exists(FolderOf(path))) return Fail(Errc::kNotFound, "files: no " + FolderOf(path));
  MW_TRY(Do({.kind = Change::Kind::kName, .inode = kFolder, .path = path}));
  return true;
}

Result<std::vector<std::string>> FakeDisk::List(const std::string& folder) {
  if (!Exists(folder)) return Fail(Errc::kNotFound, "files: no " + folder);
  std::set<std::string> names;
  for (const auto& [path, inode] : live_.names)
    if (FolderOf(path) == folder && path != folder) names.insert(path.substr(path.rfind('/') + 1));
  return std::vector<std::string>(names.begin(), names.end());
}

bool FakeDisk::Exists(const std::string& path) {
  return path == "/" || path == "." || live_.names.contains(path);
}

void FakeDisk::Settle() {
  base_ = live_;
  log_.clear();
}

void FakeDisk::FailAt(size_t change, Errc code, bool lasting) {
  fail_at_ = change;
  fail_code_ = code;
  fail_lasting_ = lasting;
}

void FakeDisk::Move(Tree& tree, const std::string& from, const std::string& to, Inode inode) {
  std::map<std::string, Inode> moved{{to, inode}};
  for (auto it = tree.names.begin(); it != tree.names.end();) {
    const bool below = IsBelow(it->first, from);
    if (below) moved[to + it->first.substr(from.size())] = it->second;
    it = below || it->first == from ? tree.names.erase(it) : std::next(it);
  }
  for (const auto& [path, node] : moved) tree.names[path] = node;
}

void FakeDisk::Apply(Tree& tree, const Change& change, size_t torn_at) {
  switch (change.kind) {
    case Change::Kind::kTruncate:
      tree.contents[change.inode].clear();
      break;
    case Change::Kind::kWrite: {
      Bytes& file = tree.contents[change.inode];
      const size_t count = std::min(change.bytes.size(), torn_at);
      file.resize(std::max<size_t>(file.size(), change.offset + count));
      std::copy_n(change.bytes.begin(), count, file.begin() + static_cast<long>(change.offset));
      break;
    }
    case Change::Kind::kName:
      tree.names[change.path] = change.inode;
      if (change.inode != kFolder) tree.contents.try_emplace(change.inode);
      break;
    case Change::Kind::kDrop:
      tree.names.erase(change.path);
      break;
    case Change::Kind::kMove:
      Move(tree, change.path, change.to, change.inode);
      if (change.inode != kFolder) tree.contents.try_emplace(change.inode);
      break;
    case Change::Kind::kSyncFile:
    case Change::Kind::kSyncFolder:
      break;
  }
}

// A change of a file's bytes is durable once the file, one of names once the folder was synced
// afterwards.
bool FakeDisk::IsDurable(size_t change, size_t cut) const {
  const Change& c = log_[change];
  const bool is_data = c.kind == Change::Kind::kWrite || c.kind == Change::Kind::kTruncate;
  const std::string folder = FolderOf(c.kind == Change::Kind::kMove ? c.to : c.path);
  for (size_t i = change + 1; i < cut; ++i) {
    const Change& later = log_[i];
    if (is_data && later.kind == Change::Kind::kSyncFile && later.inode == c.inode) return true;
    if (!is_data && later.kind == Change::Kind::kSyncFolder && later.path == folder) return true;
  }
  return false;
}

std::vector<size_t> FakeDisk::PendingAt(size_t cut) const {
  std::vector<size_t> pending;
  for (size_t i = 0; i < cut; ++i) {
    const Change::Kind kind = log_[i].kind;
    const bool is_sync = kind == Change::Kind::kSyncFile || kind == Change::Kind::kSyncFolder;
    if (!is_sync && !IsDurable(i, cut)) pending.push_back(i);
  }
  return pending;
}

// A name whose folder was lost leads nowhere.
void FakeDisk::DropUnreachable(Tree& tree) {
  for (auto it = tree.names.begin(); it != tree.names.end();) {
    const std::string folder = FolderOf(it->first);
    const auto parent = tree.names.find(folder);
    const bool reachable =
        folder == "/" || folder == "." || (parent != tree.names.end() && parent->second == kFolder);
    it = reachable ? std::next(it) : tree.names.erase(it);
  }
}

FakeDisk::Tree FakeDisk::StateAt(size_t cut, const std::vector<size_t>& lost, size_t torn,
                                 size_t torn_at) const {
  Tree tree = base_;
  for (size_t i = 0; i < cut; ++i) {
    if (std::ranges::find(lost, i) != lost.end()) continue;
    Apply(tree, log_[i], i == torn ? torn_at : kWhole);
  }
  DropUnreachable(tree);
  return tree;
}

uint64_t FakeDisk::Hash(const Tree& tree) {
  uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&hash](const void* data, size_t size) {
    const auto* bytes = static_cast<const unsigned char*>(data);
    for (size_t i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * 0x100000001b3;
  };
  for (const auto& [path, inode] : tree.names) {
    add(path.data(), path.size() + 1);
    if (inode == kFolder) continue;
    const Bytes& bytes = tree.contents.at(inode);
    const size_t size = bytes.size();
    add(&size, sizeof size);
    add(bytes.data(), size);
  }
  return hash;
}

size_t FakeDisk::EnumerateCuts(
    size_t from_change, const EnumerateOptions& options, std::unordered_set<uint64_t>& seen,
    const std::function<void(FakeDisk& disk, size_t changes)>& look) const {
  std::mt19937_64 random(options.seed);
  size_t found = 0;
  const auto visit = [&](size_t cut, const std::vector<size_t>& lost, size_t torn, size_t torn_at) {
    Tree tree = StateAt(cut, lost, torn, torn_at);
    if (!seen.insert(Hash(tree)).second) return;
    ++found;
    FakeDisk disk;
    disk.base_ = disk.live_ = std::move(tree);
    disk.next_inode_ = next_inode_;
    look(disk, cut);
  };
  for (size_t cut = from_change; cut <= log_.size(); ++cut) {
    const std::vector<size_t> pending = PendingAt(cut);
    const bool all = pending.size() < 20 && (size_t{1} << pending.size()) <= options.subsets_max;
    const size_t subsets = all ? size_t{1} << pending.size() : options.subsets_max;
    for (size_t s = 0; s < subsets; ++s) {
      // The first two of a choice are the plainest: nothing lost, everything lost.
      const uint64_t bits = all || s == 0 ? s : s == 1 ? ~uint64_t{0} : random();
      std::vector<size_t> lost;
      for (size_t p = 0; p < pending.size(); ++p)
        if ((bits >> (p % 64) & 1) != 0) lost.push_back(pending[p]);
      visit(cut, lost, kWhole, kWhole);
      for (const size_t p : pending) {
        if (log_[p].kind != Change::Kind::kWrite || std::ranges::find(lost, p) != lost.end())
          continue;
        for (const size_t torn_at : kTornAt)
          if (torn_at < log_[p].bytes.size()) visit(cut, lost, p, torn_at);
        visit(cut, lost, p, log_[p].bytes.size() / 2 / 512 * 512);
      }
    }
  }
  return found;
}

}  // namespace millwright::os
