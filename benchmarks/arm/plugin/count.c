// A TCG plugin: counts the guest's instructions and, when asked, what its data accesses miss in the
// caches of a Cortex-A72 or A57. Prints "name value" lines when the program ends.
//
//   qemu-aarch64 -plugin libcount.so -d plugin PROGRAM                    instructions
//   qemu-aarch64 -plugin libcount.so,l2=1024,l2=2048 -d plugin PROGRAM    and caches, L2 in KiB
//   qemu-aarch64 -plugin libcount.so,range=4005c0:400700 -d plugin PROGRAM
//                                      instructions of the blocks that begin in there, as range_0
//
// Caches: 64-byte lines, allocated on reads and writes; a first-level data cache of 32 KiB in 2
// ways (least recently used) before each second-level one of 16 ways, as both cores' manuals have
// them. Each second-level one is counted twice, replacing the least recently used line and a random
// one: what the silicon does lies between. No prefetcher: lines are counted, not times. Code is
// taken to fit its own cache.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin_api.h"

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 1;

enum { kLineShift = 6, kWaysMax = 16, kLevelsMax = 4, kRangesMax = 64 };

struct cache {
  unsigned kib, ways;
  bool random;
  uint64_t sets;
  uint64_t* lines;  // [sets][ways], most recent first; 0: empty
  uint64_t accesses, misses;
};

struct range {
  uint64_t begin, end, instructions;
};

static uint64_t instructions;
static struct range ranges[kRangesMax];
static int range_count;
static struct cache l1;
static struct cache l2[kLevelsMax];
static int l2_count;
static uint64_t noise = 1;  // the same in every run

static void cache_init(struct cache* cache, unsigned kib, unsigned ways, bool random) {
  cache->kib = kib;
  cache->random = random;
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
    if (cache->random && set[way] != 0) {
      noise = noise * 6364136223846793005ULL + 1442695040888963407ULL;
      way = (unsigned)(noise >> 33) % cache->ways;
    }
  }
  memmove(set + 1, set, way * sizeof(uint64_t));
  set[0] = line;
  return hit;
}

static void on_access(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t address,
                      void* unused) {
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
  const uint64_t at = qemu_plugin_tb_vaddr(block);
  for (int i = 0; i < range_count; ++i) {
    if (at < ranges[i].begin || at >= ranges[i].end) continue;
    qemu_plugin_register_vcpu_tb_exec_inline(block, QEMU_PLUGIN_INLINE_ADD_U64,
                                             &ranges[i].instructions, count);
  }
  for (size_t i = 0; l2_count > 0 && i < count; ++i) {
    qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(block, i), on_access,
                                     QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, NULL);
  }
}

static void print(const char* name, int number, const char* unit, uint64_t value) {
  char line[80];
  if (number >= 0) {
    snprintf(line, sizeof line, "%s_%d%s %llu\n", name, number, unit, (unsigned long long)value);
  } else {
    snprintf(line, sizeof line, "%s %llu\n", name, (unsigned long long)value);
  }
  qemu_plugin_outs(line);
}

static void on_end(qemu_plugin_id_t id, void* unused) {
  (void)id;
  (void)unused;
  print("instructions", -1, "", instructions);
  for (int i = 0; i < range_count; ++i) print("range", i, "", ranges[i].instructions);
  if (l2_count == 0) return;
  print("accesses", -1, "", l1.accesses);
  print("l1_misses", -1, "", l1.misses);
  for (int i = 0; i < l2_count; ++i) {
    print(l2[i].random ? "l2_random_misses" : "l2_misses", (int)l2[i].kib, "k", l2[i].misses);
  }
}

static bool add_cache(const char* text) {
  const unsigned kib = (unsigned)atoi(text);
  if (kib < 64 || l2_count == kLevelsMax) return false;
  cache_init(&l2[l2_count++], kib, kWaysMax, false);
  cache_init(&l2[l2_count++], kib, kWaysMax, true);
  return true;
}

static bool add_range(const char* text) {
  unsigned long long begin = 0, end = 0;
  if (range_count == kRangesMax || sscanf(text, "%llx:%llx", &begin, &end) != 2) return false;
  ranges[range_count++] = (struct range){.begin = begin, .end = end};
  return true;
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t* info, int argc,
                               char** argv) {
  (void)info;
  for (int i = 0; i < argc; ++i) {
    const bool known = strncmp(argv[i], "l2=", 3) == 0      ? add_cache(argv[i] + 3)
                       : strncmp(argv[i], "range=", 6) == 0 ? add_range(argv[i] + 6)
                                                            : false;
    if (!known) {
      fprintf(stderr, "count: '%s' is not l2=KIB (64 or more, at most %d) or range=BEGIN:END\n",
              argv[i], kLevelsMax / 2);
      return 1;
    }
  }
  cache_init(&l1, 32, 2, false);
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
  qemu_plugin_register_atexit_cb(id, on_end, NULL);
  return 0;
}
