# Cross-building the programs of a 64-bit ARM gateway against the packages in build/bundle/sysroot
# (scripts/bundle/sysroot.py puts them there; scripts/bundle/pack.py calls this):
#
#   cmake --preset gateway && cmake --build --preset gateway
#
# The programs carry their own loader and libraries under /opt/millwright, so the gateway's C library may be older.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(mw_sysroot ${CMAKE_CURRENT_LIST_DIR}/../build/bundle/sysroot)
set(mw_headers ${mw_sysroot}/usr/include)
set(mw_libraries ${mw_sysroot}/usr/lib/aarch64-linux-gnu)
# A product of floats is rounded before it is added, as on x86: a gateway decides what a hub recomputes.
set(CMAKE_CXX_FLAGS_INIT
    "-mcpu=cortex-a57 -ffp-contract=off -isystem ${mw_headers}/aarch64-linux-gnu -isystem ${mw_headers}")
set(CMAKE_EXE_LINKER_FLAGS_INIT
    "-L${mw_libraries} -Wl,-rpath-link,${mw_libraries}:${mw_sysroot}/lib/aarch64-linux-gnu -Wl,--dynamic-linker=/opt/millwright/lib/ld-linux-aarch64.so.1 -Wl,--disable-new-dtags,-rpath,/opt/millwright/lib,-z,nodefaultlib")
set(CMAKE_SKIP_RPATH ON)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH ${mw_sysroot})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${mw_sysroot})
set(ENV{PKG_CONFIG_LIBDIR} ${mw_libraries}/pkgconfig:${mw_sysroot}/usr/share/pkgconfig)
# GCC's cross driver does not find lld.
set(MW_LLD OFF CACHE FILEPATH "")
