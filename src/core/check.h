// MW_CHECK(condition): a wrong program stops here. Wrong input is an Error, never a check.
#pragma once

#include <cstdio>
#include <cstdlib>

#define MW_CHECK(condition)                                                              \
  do {                                                                                   \
    if (!(condition)) [[unlikely]] {                                                     \
      std::fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                      \
    }                                                                                    \
  } while (false)
