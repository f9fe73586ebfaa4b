# The console as a library: mw_console_assets, header console/assets.h.
#
# With MW_CONSOLE the page is built by npm and esbuild (console/scripts/build.mjs), then written as C++ arrays
# (console/scripts/embed.mjs). Without it, the library holds one page that says so; nothing of npm is needed.

# Node 20 or newer: MW_NODE, else the system's, else the one that the set-up script put under build/node.
function(mw_find_node out)
  set(candidates "$ENV{MW_NODE}" "node" "${CMAKE_SOURCE_DIR}/build/node/node_modules/.bin/node"
      "${CMAKE_SOURCE_DIR}/build/node/node_modules/node/bin/node")
  foreach(candidate IN LISTS candidates)
    if(candidate STREQUAL "")
      continue()
    endif()
    execute_process(COMMAND "${candidate}" -p process.execPath OUTPUT_VARIABLE path ERROR_QUIET
                    OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed)
    execute_process(COMMAND "${candidate}" -p "process.versions.node.split('.')[0]" OUTPUT_VARIABLE major
                    ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(NOT failed AND major GREATER_EQUAL 20)
      set(${out} "${path}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "console: needs Node 20 or newer. Install one, or `npm install --prefix build/node node@22`, "
                      "or name it in MW_NODE, or build without the console: -DMW_CONSOLE=OFF")
endfunction()

set(mw_console_dir ${CMAKE_SOURCE_DIR}/console)
if(MW_CONSOLE)
  mw_find_node(mw_node)
  find_program(MW_NPM npm)
  if(NOT MW_NPM)
    message(FATAL_ERROR "console: npm is missing. Install it, or build without the console: -DMW_CONSOLE=OFF")
  endif()
  file(GLOB_RECURSE mw_console_sources CONFIGURE_DEPENDS ${mw_console_dir}/src/* ${mw_console_dir}/public/*)
  set(mw_console_cpp ${CMAKE_BINARY_DIR}/console/assets.cpp)
  get_filename_component(mw_node_bin ${mw_node} DIRECTORY)

  # npm rewrites this file whenever it installs, so it tells whether node_modules is older than the lock file.
  add_custom_command(
    OUTPUT ${mw_console_dir}/node_modules/.package-lock.json
    COMMAND ${CMAKE_COMMAND} -E env "PATH=${mw_node_bin}:$ENV{PATH}"
            ${MW_NPM} ci --ignore-scripts --no-audit --no-fund --loglevel=error
    COMMAND ${CMAKE_COMMAND} -E touch ${mw_console_dir}/node_modules/.package-lock.json
    DEPENDS ${mw_console_dir}/package.json ${mw_console_dir}/package-lock.json
    WORKING_DIRECTORY ${mw_console_dir}
    COMMENT "console: npm ci"
    USES_TERMINAL VERBATIM)
  add_custom_command(
    OUTPUT ${mw_console_cpp}
    COMMAND ${mw_node} scripts/build.mjs --out ${CMAKE_BINARY_DIR}/console/dist
    COMMAND ${mw_node} scripts/embed.mjs ${CMAKE_BINARY_DIR}/console/dist ${mw_console_cpp}
    DEPENDS ${mw_console_sources} ${mw_console_dir}/node_modules/.package-lock.json ${mw_console_dir}/tsconfig.json
            ${mw_console_dir}/scripts/build.mjs ${mw_console_dir}/scripts/embed.mjs
    WORKING_DIRECTORY ${mw_console_dir}
    COMMENT "console: build and embed"
    VERBATIM)
else()
  set(mw_console_cpp ${mw_console_dir}/embed/none.cpp)
endif()

add_library(mw_console_assets STATIC ${mw_console_cpp})
target_include_directories(mw_console_assets PUBLIC ${mw_console_dir}/embed)
target_link_libraries(mw_console_assets PRIVATE mw_compiler)
if(MW_TESTS)
  find_package(ZLIB REQUIRED)
  mw_test(mw_console_assets_test SOURCES ${mw_console_dir}/embed/assets_test.cpp
          LINKS mw_console_assets ZLIB::ZLIB)
endif()
