# Warnings, sanitizers and the compiler cache, as one interface target that every room links.
add_library(mw_compiler INTERFACE)
target_compile_options(mw_compiler INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Wold-style-cast -Woverloaded-virtual -Wimplicit-fallthrough -fno-strict-aliasing)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(mw_compiler INTERFACE -Wthread-safety)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 at -O3 sees overlaps in std::string that are not there (its bug 105651).
  target_compile_options(mw_compiler INTERFACE -Wno-restrict)
endif()
if(MW_WERROR)
  target_compile_options(mw_compiler INTERFACE -Werror)
endif()
# All presets but dev compile a dozen files as one, which halves their build; dev, and clang-tidy on its commands, take
# each alone and so prove that it includes what it uses. What one file's names may not hide is told there, not by its neighbours.
if(CMAKE_UNITY_BUILD)
  target_compile_options(mw_compiler INTERFACE -Wno-shadow)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC takes an included .cpp for a header.
    target_compile_options(mw_compiler INTERFACE -Wno-subobject-linkage)
  endif()
endif()
if(MW_SANITIZE)
  target_compile_options(mw_compiler INTERFACE -fsanitize=${MW_SANITIZE} -fno-omit-frame-pointer
                                               -fno-sanitize-recover=all)
  target_link_options(mw_compiler INTERFACE -fsanitize=${MW_SANITIZE})
endif()

# A gateway runs the release build for months: stack protection and fortified libc calls cost little.
if(NOT MW_SANITIZE)
  add_compile_options($<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2> -fstack-protector-strong)
endif()

find_program(MW_CCACHE ccache)
if(MW_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # The tests' precompiled header: its defines and dates do not matter.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${MW_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${MW_CCACHE})
endif()
find_program(MW_LLD NAMES ld.lld ld.lld-14)
if(MW_LLD)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    add_link_options(-fuse-ld=${MW_LLD})
  elseif(EXISTS /usr/bin/ld.lld)
    add_link_options(-fuse-ld=lld)
  endif()
endif()

# GoogleTest's macros trip these; the product's own code keeps them.
add_library(mw_test_compiler INTERFACE)
target_compile_options(mw_test_compiler INTERFACE -Wno-sign-conversion -Wno-conversion -Wno-shadow)
# A test's own code need not be fast, and optimising it is a third of its build; the rooms it tests stay as they are.
target_compile_options(mw_test_compiler INTERFACE $<$<CONFIG:Release>:-O1>)
# Nor need the programs' own code (options, start, stop): what is fast lies in the rooms.
add_library(mw_program_compiler INTERFACE)
target_compile_options(mw_program_compiler INTERFACE $<$<CONFIG:Release>:-O1>)
if(MW_SANITIZE AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(mw_test_compiler INTERFACE -O0)
  target_compile_options(mw_program_compiler INTERFACE -O0)
endif()
# Tests that count allocations replace operator new and delete; inlined, GCC takes the pair for a mismatch.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(mw_test_compiler INTERFACE -Wno-mismatched-new-delete)
  # GCC 12 at -O3 takes members of designated temporaries for uninitialised; and with its precompiled headers it tells
  # of the standard library's own strings what it hides otherwise (its bug 105329).
  target_compile_options(mw_test_compiler INTERFACE -Wno-maybe-uninitialized -Wno-array-bounds
                         -Wno-stringop-overflow)
  # Lets ccache know a precompiled header when it meets one.
  target_compile_options(mw_test_compiler INTERFACE -fpch-preprocess)
endif()
