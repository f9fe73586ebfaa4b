// A TCG plugin: counts the guest's instructions and, when asked, what its data accesses miss in the
// caches of a Cortex-A72 or A57. Prints "name value" lines when the program ends.
//
//   qemu-aarch64 -plugin libcount.so -d plugin PROGRAM                    instructions
//   qemu-aarch64 -plugin libcount.so,l2=1024,l2=2048 -d plugin PROGRAM    and caches, L2 in KiB
//
// Caches: 64-byte lines, least recently used, allocated on reads and writes; a first-level data
// cache of 32 KiB in 2 ways before each second-level one of 16 ways, as both cores' manuals have
// them. No prefetcher: lines are counted, not times. Code is taken to fit its own cache.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin_api.h"

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 1;

enum { kLineShift = 6, kWaysMax = 16, kLevelsMax = 4 };

struct cache {
  unsigned kib, ways;
  uint64_t sets;
  uint64_t* lines;  // [sets][ways], most recent first; 0: empty
  uint64_t accesses, misses;
};

static uint64_t instructions;
static struct cache l1;
static struct cache l2[kLevelsMax];
static int l2_count;

static void cache_init(struct cache* cache, unsigned kib, unsigned ways) {
  cache->kib = kib;
  cache->ways = ways;
  cache->sets = ((uint64_t)kib << 10 >> kLineShift) / ways;
  cache->lines = calloc(cache->sets * ways, sizeof(uint64_t));
  if (cache->lines == NULL) abort();
}

// True where the line was there; it is afterwards.
static bool cache_touch(struct cache* cache, uint64_t line) {
  uint64_t* set = cache->lines + line % cache->sets * cache->ways;
  unsigned way = 0;
  ++cache->accesses;
  while (way < cache->ways && set[way] != line) ++way;
  const bool hit = way < cache->ways;
  if (!hit) {
    ++cache->misses;
    way = cache->ways - 1;
  }
  memmove(set + 1, set, way * sizeof(uint64_t));
  set[0] = line;
  return hit;
}

static void on_access(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t address, void* unused) {
  (void)vcpu;
  (void)unused;
  const uint64_t last = (address + (1ULL << qemu_plugin_mem_size_shift(info)) - 1) >> kLineShift;
  for (uint64_t line = address >> kLineShift; line <= last; ++line) {
    if (cache_touch(&l1, line)) continue;
    for (int i = 0; i < l2_count; ++i) cache_touch(&l2[i], line);
  }
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb* block) {
  (void)id;
  const size_t count = qemu_plugin_tb_n_insns(block);
  qemu_plugin_register_vcpu_tb_exec_inline(block, QEMU_PLUGIN_INLINE_ADD_U64, &instructions, count);
  for (size_t i = 0; l2_count > 0 && i < count; ++i) {
    qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(block, i), on_access,
                                     QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, NULL);
  }
}

static void print(const char* name, unsigned kib, uint64_t value) {
  char line[80];
  if (kib > 0) {
    snprintf(line, sizeof line, "%s_%uk %llu\n", name, kib, (unsigned long long)value);
  } else {
    snprintf(line, sizeof line, "%s %llu\n", name, (unsigned long long)value);
  }
  qemu_plugin_outs(line);
}

static void on_end(qemu_plugin_id_t id, void* unused) {
  (void)id;
  (void)unused;
  print("instructions", 0, instructions);
  if (l2_count == 0) return;
  print("accesses", 0, l1.accesses);
  print("l1_misses", 0, l1.misses);
  for (int i = 0; i < l2_count; ++i) print("l2_misses", l2[i].kib, l2[i].misses);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t* info, int argc, char** argv) {
  (void)info;
  for (int i = 0; i < argc; ++i) {
    const unsigned kib = strncmp(argv[i], "l2=", 3) == 0 ? (unsigned)atoi(argv[i] + 3) : 0;
    if (kib < 64 || l2_count == kLevelsMax) {
      fprintf(stderr, "count: '%s' is not l2=KIB (64 or more; at most %d of them)\n", argv[i],
              kLevelsMax);
      return 1;
    }
    cache_init(&l2[l2_count++], kib, kWaysMax);
  }
  cache_init(&l1, 32, 2);
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
  qemu_plugin_register_atexit_cb(id, on_end, NULL);
  return 0;
}
