#include "outbox/testing/power_cut_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <random>
#include <vector>

namespace millwright::testing {

namespace {

constexpr size_t kSectorBytes = 512;

struct Pending {
  bool truncate = false;
  size_t offset = 0;  // or the new size
  std::string bytes;
};

struct DiskFile {
  bool created_durably = false;
  std::string durable;
  std::vector<Pending> pending;
};

void Apply(const Pending& change, std::string& content) {
  if (change.truncate) {
    content.resize(change.offset);
    return;
  }
  if (content.size() < change.offset + change.bytes.size())
    content.resize(change.offset + change.bytes.size());
  std::copy(change.bytes.begin(), change.bytes.end(),
            content.begin() + static_cast<std::ptrdiff_t>(change.offset));
}

// Each sector of an unsynced write reaches the platter or not.
void ApplyTorn(const Pending& change, std::string& content, std::mt19937_64& random) {
  if (change.truncate) {
    if (random() % 2 == 0) Apply(change, content);
    return;
  }
  for (size_t at = 0; at < change.bytes.size();) {
    const size_t to_boundary = kSectorBytes - (change.offset + at) % kSectorBytes;
    const size_t size = std::min(to_boundary, change.bytes.size() - at);
    if (random() % 2 == 0)
      Apply(Pending{false, change.offset + at, change.bytes.substr(at, size)}, content);
    at += size;
  }
}

}  // namespace

struct PowerCutDisk::State {
  std::string name;
  sqlite3_vfs vfs{};
  sqlite3_vfs* real = nullptr;
  mutable std::mutex mutex;
  std::map<std::string, DiskFile> files;
  int64_t operations = 0;
  int64_t reads = 0;
  int64_t left = -1;  // operations until the cut; -1: none planned
  bool off = false;
  bool full = false;

  // Counts one operation; false where the power is off.
  bool Spend() {
    if (left == 0) off = true;
    if (off) return false;
    if (left > 0) --left;
    ++operations;
    return true;
  }
};

// SQLite's callbacks.
struct PowerCutCalls {
  using State = PowerCutDisk::State;

  struct File {
    sqlite3_file base;
    State* disk;
    DiskFile* tracked;  // null: a temporary file
    sqlite3_file* real;
  };
  static File* Of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
  static sqlite3_file* Real(sqlite3_file* file) { return Of(file)->real; }
  static State& Disk(sqlite3_vfs* vfs) { return *static_cast<State*>(vfs->pAppData); }

  static int Close(sqlite3_file* file) { return Real(file)->pMethods->xClose(Real(file)); }

  static int Read(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
    {
      const std::lock_guard lock(Of(file)->disk->mutex);
      ++Of(file)->disk->reads;
    }
    return Real(file)->pMethods->xRead(Real(file), out, size, offset);
  }

  static int Write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
    State& disk = *Of(file)->disk;
    const std::lock_guard lock(disk.mutex);
    if (!disk.Spend()) return SQLITE_IOERR_WRITE;
    if (disk.full) {
      sqlite3_int64 now = 0;
      Real(file)->pMethods->xFileSize(Real(file), &now);
      if (offset + size > now) return SQLITE_FULL;
    }
    if (Of(file)->tracked != nullptr) {
      Of(file)->tracked->pending.push_back(
          {false, static_cast<size_t>(offset),
           std::string(static_cast<const char*>(data), static_cast<size_t>(size))});
    }
    return Real(file)->pMethods->xWrite(Real(file), data, size, offset);
  }

  static int Truncate(sqlite3_file* file, sqlite3_int64 size) {
    State& disk = *Of(file)->disk;
    const std::lock_guard lock(disk.mutex);
    if (!disk.Spend()) return SQLITE_IOERR_TRUNCATE;
    if (Of(file)->tracked != nullptr)
      Of(file)->tracked->pending.push_back({true, static_cast<size_t>(size), {}});
    return Real(file)->pMethods->xTruncate(Real(file), size);
  }

  // Nothing is really synced: the simulated platter is `durable`.
  static int Sync(sqlite3_file* file, int) {
    State& disk = *Of(file)->disk;
    const std::lock_guard lock(disk.mutex);
    if (!disk.Spend()) return SQLITE_IOERR_FSYNC;
    if (DiskFile* tracked = Of(file)->tracked; tracked != nullptr) {
      for (const Pending& change : tracked->pending) Apply(change, tracked->durable);
      tracked->pending.clear();
      tracked->created_durably = true;
    }
    return SQLITE_OK;
  }

  static int FileSize(sqlite3_file* file, sqlite3_int64* size) {
    return Real(file)->pMethods->xFileSize(Real(file), size);
  }
  static int Lock(sqlite3_file* file, int level) {
    return Real(file)->pMethods->xLock(Real(file), level);
  }
  static int Unlock(sqlite3_file* file, int level) {
    return Real(file)->pMethods->xUnlock(Real(file), level);
  }
  static int CheckReservedLock(sqlite3_file* file, int* out) {
    return Real(file)->pMethods->xCheckReservedLock(Real(file), out);
  }
  static int FileControl(sqlite3_file* file, int op, void* argument) {
    // Size hints would grow the file behind our back.
    if (op == SQLITE_FCNTL_SIZE_HINT || op == SQLITE_FCNTL_CHUNK_SIZE) return SQLITE_OK;
    return Real(file)->pMethods->xFileControl(Real(file), op, argument);
  }
  static int SectorSize(sqlite3_file* file) {
    return Real(file)->pMethods->xSectorSize(Real(file));
  }
  static int DeviceCharacteristics(sqlite3_file* file) {
    return Real(file)->pMethods->xDeviceCharacteristics(Real(file));
  }
  static int ShmMap(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
    return Real(file)->pMethods->xShmMap(Real(file), page, size, extend, out);
  }
  static int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
    return Real(file)->pMethods->xShmLock(Real(file), offset, count, flags);
  }
  static void ShmBarrier(sqlite3_file* file) { Real(file)->pMethods->xShmBarrier(Real(file)); }
  static int ShmUnmap(sqlite3_file* file, int remove) {
    return Real(file)->pMethods->xShmUnmap(Real(file), remove);
  }

  static const sqlite3_io_methods kMethods;

  static int Open(sqlite3_vfs* vfs, const char* path, sqlite3_file* out, int flags,
                  int* out_flags) {
    State& disk = Disk(vfs);
    File* file = Of(out);
    file->base.pMethods = nullptr;
    file->disk = &disk;
    file->tracked = nullptr;
    file->real = reinterpret_cast<sqlite3_file*>(file + 1);
    const bool existed = path != nullptr && std::filesystem::exists(path);
    const std::lock_guard lock(disk.mutex);
    if (disk.off && !existed) return SQLITE_CANTOPEN;
    const int code = disk.real->xOpen(disk.real, path, file->real, flags, out_flags);
    if (code != SQLITE_OK) return code;
    if (path != nullptr) {
      const auto [found, fresh] = disk.files.try_emplace(path);
      file->tracked = &found->second;
      // A file from before this disk's time is taken as synced.
      if (fresh && existed) {
        std::ifstream in(path, std::ios::binary);
        found->second.durable.assign(std::istreambuf_iterator<char>(in), {});
        found->second.created_durably = true;
      }
    }
    file->base.pMethods = &kMethods;
    return SQLITE_OK;
  }

  static int Delete(sqlite3_vfs* vfs, const char* path, int sync_folder) {
    State& disk = Disk(vfs);
    const std::lock_guard lock(disk.mutex);
    if (!disk.Spend()) return SQLITE_IOERR_DELETE;
    disk.files.erase(path);
    return disk.real->xDelete(disk.real, path, sync_folder);
  }
};

const sqlite3_io_methods PowerCutCalls::kMethods = {2,
                                                    Close,
                                                    Read,
                                                    Write,
                                                    Truncate,
                                                    Sync,
                                                    FileSize,
                                                    Lock,
                                                    Unlock,
                                                    CheckReservedLock,
                                                    FileControl,
                                                    SectorSize,
                                                    DeviceCharacteristics,
                                                    ShmMap,
                                                    ShmLock,
                                                    ShmBarrier,
                                                    ShmUnmap,
                                                    nullptr,
                                                    nullptr};

PowerCutDisk::PowerCutDisk(std::string name) : state_(std::make_unique<State>()) {
  state_->name = std::move(name);
  state_->real = sqlite3_vfs_find(nullptr);
  state_->vfs = *state_->real;
  state_->vfs.zName = state_->name.c_str();
  state_->vfs.szOsFile = static_cast<int>(sizeof(PowerCutCalls::File)) + state_->real->szOsFile;
  state_->vfs.pAppData = state_.get();
  state_->vfs.pNext = nullptr;
  state_->vfs.xOpen = PowerCutCalls::Open;
  state_->vfs.xDelete = PowerCutCalls::Delete;
  sqlite3_vfs_register(&state_->vfs, 0);
}

PowerCutDisk::~PowerCutDisk() { sqlite3_vfs_unregister(&state_->vfs); }

const std::string& PowerCutDisk::name() const { return state_->name; }

void PowerCutDisk::CutAfter(int64_t operations) {
  const std::lock_guard lock(state_->mutex);
  state_->left = operations;
}

void PowerCutDisk::SetFull(bool full) {
  const std::lock_guard lock(state_->mutex);
  state_->full = full;
}

bool PowerCutDisk::off() const {
  const std::lock_guard lock(state_->mutex);
  return state_->off;
}

int64_t PowerCutDisk::operations() const {
  const std::lock_guard lock(state_->mutex);
  return state_->operations;
}

int64_t PowerCutDisk::reads() const {
  const std::lock_guard lock(state_->mutex);
  return state_->reads;
}

void PowerCutDisk::Restore(uint64_t seed) {
  const std::lock_guard lock(state_->mutex);
  std::mt19937_64 random(seed);
  for (auto& [path, file] : state_->files) {
    std::error_code ignored;
    std::filesystem::remove(path + "-shm", ignored);
    if (!file.created_durably && random() % 2 == 0) {
      std::filesystem::remove(path, ignored);
      continue;
    }
    std::string content = file.durable;
    for (const Pending& change : file.pending) ApplyTorn(change, content, random);
    std::ofstream(path, std::ios::binary | std::ios::trunc)
        .write(content.data(), static_cast<std::streamsize>(content.size()));
  }
  state_->files.clear();  // what is there now counts as synced when it is opened again
  state_->off = false;
  state_->left = -1;
}

}  // namespace millwright::testing
