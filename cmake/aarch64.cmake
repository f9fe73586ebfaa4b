# Cross-building for 64-bit ARM on Debian (packages g++-aarch64-linux-gnu, qemu-user):
#
#   cmake -S benchmarks/arm -B build/arm -G Ninja -DCMAKE_TOOLCHAIN_FILE=$PWD/cmake/aarch64.cmake
#
# Programs are linked statically: they run on any 64-bit ARM Linux whatever its C library, and under qemu-user without
# a root file system.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static")
# The gateways' core, which qemu then stands for: what it does not have (the dot product) is not there.
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -cpu cortex-a72)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
# GCC's cross driver does not find lld.
set(MW_LLD OFF CACHE FILEPATH "")
