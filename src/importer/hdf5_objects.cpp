#include "importer/hdf5_objects.h"

#include <algorithm>
#include <string>

#include "importer/cursor.h"

namespace millwright::importer::hdf5 {
namespace {

constexpr size_t kMessagesMax = 4096;
constexpr size_t kBlocksMax = 64;  // continuation blocks of one header
constexpr size_t kTreeDepthMax = 8;

struct Block {
  uint64_t at = 0;
  uint64_t bytes = 0;
};

// Messages of one block, which may name further blocks.
class HeaderReader {
 public:
  explicit HeaderReader(std::span<const std::byte> file) : file_(file) {}

  Result<std::vector<Message>> Read(uint64_t address) {
    Cursor c(file_, address);
    if (c.TakeText("OHDR")) {
      MW_TRY(StartV2(c));
    } else {
      Cursor v1(file_, address);
      if (v1.Number(1) != 1) return Broken("an object has no header");
      v1.Skip(7);
      const uint64_t bytes = v1.Number(4);
      blocks_ = {{v1.at() + 4, bytes}};  // the prefix is padded to 16 bytes
    }
    for (size_t i = 0; i < blocks_.size(); ++i) {
      if (blocks_.size() > kBlocksMax) return Broken("an object header goes on without end");
      MW_TRY(ReadBlock(blocks_[i], i > 0));
    }
    return std::move(messages_);
  }

 private:
  Result<void> StartV2(Cursor& c) {
    if (c.Number(1) != 2) return Broken("an object header of an unknown version");
    const uint64_t flags = c.Number(1);
    has_order_ = (flags & 0x04) != 0;
    if ((flags & 0x20) != 0) c.Skip(16);  // times
    if ((flags & 0x10) != 0) c.Skip(4);   // limits of attribute storage
    const uint64_t bytes = c.Number(size_t{1} << (flags & 3));
    is_v2_ = true;
    blocks_ = {{c.at(), bytes}};
    return {};
  }

  Result<void> ReadBlock(const Block& block, bool is_continuation) {
    Cursor whole(file_, block.at);
    Cursor c(whole.Take(block.bytes));
    if (!whole.ok()) return Broken("an object header reaches beyond the file");
    size_t tail = 0;
    if (is_v2_ && is_continuation) {
      if (!c.TakeText("OCHK")) return Broken("a continuation has no mark");
      tail = 4;  // its checksum
    }
    const size_t prefix = is_v2_ ? (has_order_ ? 6 : 4) : 8;
    while (c.left() >= prefix + tail) {
      Message m{.type = static_cast<uint16_t>(c.Number(is_v2_ ? 1 : 2))};
      const uint64_t bytes = c.Number(2);
      m.is_shared = (c.Number(1) & 0x02) != 0;
      c.Skip(is_v2_ ? prefix - 4 : 3);
      m.data = c.Take(bytes);
      if (!c.ok()) return Broken("a message reaches beyond its header");
      if (messages_.size() >= kMessagesMax) return Broken("an object has too many messages");
      messages_.push_back(m);
      if (m.type != kContinuation) continue;
      Cursor where(m.data);
      Block next{where.Number(8), 0};
      next.bytes = where.Number(8);
      blocks_.push_back(next);
      if (blocks_.size() > kBlocksMax) return Broken("an object header goes on without end");
    }
    return {};
  }

  std::span<const std::byte> file_;
  std::vector<Block> blocks_{};
  std::vector<Message> messages_{};
  bool is_v2_ = false;
  bool has_order_ = false;
};

// A group of the old kind: B-tree of symbol table nodes, names in a local heap.
class SymbolTable {
 public:
  SymbolTable(std::span<const std::byte> file, size_t members_max)
      : file_(file), members_max_(members_max) {}

  Result<std::vector<Hdf5File::Link>> Read(const Message& table) {
    Cursor c(table.data);
    const uint64_t tree = c.Number(8), heap = c.Number(8);
    Cursor h(file_, heap);
    if (!c.ok() || !h.TakeText("HEAP")) return Broken("a group has no name heap");
    h.Skip(4);
    const uint64_t heap_bytes = h.Number(8);
    h.Skip(8);
    Cursor names(file_, h.Number(8));
    names_ = names.Take(heap_bytes);
    if (!h.ok() || !names.ok()) return Broken("a name heap reaches beyond the file");
    MW_TRY(Tree(tree, 0));
    return std::move(links_);
  }

 private:
  Result<void> Tree(uint64_t address, size_t depth) {
    // Every node costs one of a budget, so that a tree which names itself ends as well.
    if (depth > kTreeDepthMax || ++nodes_ > members_max_)
      return Broken("a group's tree is too deep");
    Cursor c(file_, address);
    if (!c.TakeText("TREE") || c.Number(1) != 0) return Broken("a group has no tree");
    const uint64_t level = c.Number(1);
    const uint64_t count = c.Number(2);
    c.Skip(16);  // siblings
    for (uint64_t i = 0; i < count; ++i) {
      c.Skip(8);  // key
      const uint64_t child = c.Number(8);
      if (!c.ok()) return Broken("a group's tree breaks off");
      if (level > 0) {
        MW_TRY(Tree(child, depth + 1));
      } else {
        MW_TRY(Node(child));
      }
    }
    return {};
  }

  Result<void> Node(uint64_t address) {
    if (++nodes_ > members_max_) return Broken("a group's tree is too large");
    Cursor c(file_, address);
    if (!c.TakeText("SNOD")) return Broken("a group's tree has a leaf that is none");
    c.Skip(2);
    const uint64_t count = c.Number(2);
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t name = c.Number(8);
      const uint64_t object = c.Number(8);
      c.Skip(24);
      if (!c.ok() || name >= names_.size()) return Broken("a group's entry breaks off");
      if (links_.size() >= members_max_)
        return Fail(Errc::kExhausted,
                    "hdf5: a group of more than " + std::to_string(members_max_) + " members");
      const auto text = names_.subspan(static_cast<size_t>(name));
      const auto end = std::ranges::find(text, std::byte{0});
      links_.push_back(
          {{reinterpret_cast<const char*>(text.data()), static_cast<size_t>(end - text.begin())},
           object});
    }
    return {};
  }

  std::span<const std::byte> file_;
  size_t members_max_;
  std::span<const std::byte> names_{};
  std::vector<Hdf5File::Link> links_{};
  size_t nodes_ = 0;
};

// Nothing for soft and external links.
Result<void> ReadLink(const Message& m, std::vector<Hdf5File::Link>& links) {
  Cursor c(m.data);
  if (c.Number(1) != 1) return Broken("a link of an unknown version");
  const uint64_t flags = c.Number(1);
  const uint64_t type = (flags & 0x08) != 0 ? c.Number(1) : 0;
  if ((flags & 0x04) != 0) c.Skip(8);  // creation order
  if ((flags & 0x10) != 0) c.Skip(1);  // character set
  const auto name = c.Take(c.Number(size_t{1} << (flags & 3)));
  const uint64_t object = c.Number(8);
  if (type != 0) return {};
  if (!c.ok()) return Broken("a link breaks off");
  links.push_back({{reinterpret_cast<const char*>(name.data()), name.size()}, object});
  return {};
}

}  // namespace

Result<std::vector<Message>> ReadMessages(std::span<const std::byte> file, uint64_t address) {
  return HeaderReader(file).Read(address);
}

Result<std::vector<Hdf5File::Link>> ReadLinks(std::span<const std::byte> file,
                                              std::span<const Message> messages,
                                              size_t members_max) {
  std::vector<Hdf5File::Link> links;
  for (const Message& m : messages) {
    if (m.type == kSymbolTable) return SymbolTable(file, members_max).Read(m);
    if (m.type == kLink) {
      MW_TRY(ReadLink(m, links));
    }
    if (m.type != kLinkInfo) continue;
    Cursor c(m.data);
    c.Skip(1);
    if ((c.Number(1) & 1) != 0) c.Skip(8);
    if (c.Number(8) != kNowhere)
      return Fail(Errc::kUnsupported,
                  "hdf5: a group keeps its links in a fractal heap; save the model with h5py's "
                  "default libver");
  }
  if (links.size() > members_max) return Fail(Errc::kExhausted, "hdf5: a group is too large");
  return links;
}

}  // namespace millwright::importer::hdf5
