# Rooms. One folder under src/ is one library, called by its path with '/' replaced by '_': src/hub/api is mw_hub_api.
#
#   mw_room(outbox LAYER 2 ROOMS core os LINKS SQLite::SQLite3)
#
# globs the folder: *_test.cpp are its tests, all other *.cpp the library. ROOMS are the rooms it may include;
# each must lie on a lower layer, or the configure step stops. An include of a room that is not named does not
# compile by accident either: the tidy test reads every #include and compares it with these lists.

set_property(GLOBAL PROPERTY MW_ROOMS "")

function(mw_room name)
  cmake_parse_arguments(ARG "INTERFACE_ONLY" "LAYER" "ROOMS;LINKS;PRIVATE_LINKS;TEST_LINKS;TEST_ROOMS;SOURCES" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "mw_room(${name}): unknown arguments ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT DEFINED ARG_LAYER)
    message(FATAL_ERROR "mw_room(${name}): LAYER is missing")
  endif()
  string(REPLACE "/" "_" target "mw_${name}")
  mw_declare_room(${name} LAYER ${ARG_LAYER} ROOMS ${ARG_ROOMS})

  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/kernels/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(APPEND sources ${ARG_SOURCES})

  if(sources)
    add_library(${target} STATIC ${sources})
    set(scope PUBLIC)
    target_link_libraries(${target} PRIVATE mw_compiler)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope} ${CMAKE_SOURCE_DIR}/src)
  foreach(room IN LISTS ARG_ROOMS)
    mw_check_arrow(${name} ${ARG_LAYER} ${room})
    string(REPLACE "/" "_" room_target "mw_${room}")
    target_link_libraries(${target} ${scope} ${room_target})
  endforeach()
  target_link_libraries(${target} ${scope} ${ARG_LINKS})
  if(sources AND ARG_PRIVATE_LINKS)
    target_link_libraries(${target} PRIVATE ${ARG_PRIVATE_LINKS})
  endif()

  if(MW_TESTS AND tests)
    foreach(room IN LISTS ARG_TEST_ROOMS)
      mw_check_arrow(${name} ${ARG_LAYER} ${room})
      string(REPLACE "/" "_" room_target "mw_${room}")
      list(APPEND ARG_TEST_LINKS ${room_target})
    endforeach()
    mw_test(${target}_test SOURCES ${tests} LINKS ${target} ${ARG_TEST_LINKS})
  endif()
endfunction()

# A room by name and arrows alone: for one that this configuration does not build, and that the tidy test still reads.
function(mw_declare_room name)
  cmake_parse_arguments(ARG "" "LAYER" "ROOMS" ${ARGN})
  set_property(GLOBAL APPEND PROPERTY MW_ROOMS ${name})
  set_property(GLOBAL PROPERTY MW_ROOM_LAYER_${name} ${ARG_LAYER})
  set_property(GLOBAL PROPERTY MW_ROOM_ROOMS_${name} "${ARG_ROOMS}")
endfunction()

# Stops the configure step where an arrow does not point down.
function(mw_check_arrow from layer to)
  get_property(to_layer GLOBAL PROPERTY MW_ROOM_LAYER_${to})
  if(to_layer STREQUAL "")
    message(FATAL_ERROR "room ${from}: there is no room '${to}' below it (src/CMakeLists.txt lists rooms bottom up)")
  endif()
  if(NOT to_layer LESS layer)
    message(FATAL_ERROR "room ${from} (layer ${layer}) must not use room ${to} (layer ${to_layer}): arrows point down")
  endif()
endfunction()

# GoogleTest's headers, compiled once for all tests: they are more than half of what a test's source costs.
function(mw_test_headers)
  if(TARGET mw_test_headers)
    return()
  endif()
  find_package(GTest REQUIRED)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/test_headers.cpp CONTENT "")
  add_library(mw_test_headers OBJECT ${CMAKE_BINARY_DIR}/generated/test_headers.cpp)
  target_link_libraries(mw_test_headers PRIVATE mw_compiler mw_test_compiler GTest::gtest GTest::gmock)
  target_precompile_headers(mw_test_headers PRIVATE <gmock/gmock.h> <gtest/gtest.h>)
endfunction()

# One GoogleTest executable; each TEST in it is a ctest of its own.
function(mw_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  find_package(GTest REQUIRED)
  include(GoogleTest)
  mw_test_headers()
  find_library(MW_RAPIDCHECK rapidcheck REQUIRED)
  add_executable(${name} ${ARG_SOURCES})
  # Never in one unit: an overload of another test file must not stand in for a test's own helper.
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests UNITY_BUILD OFF)
  target_link_libraries(${name} PRIVATE mw_compiler mw_test_compiler ${ARG_LINKS} GTest::gtest GTest::gmock
                        GTest::gtest_main ${MW_RAPIDCHECK})
  target_precompile_headers(${name} REUSE_FROM mw_test_headers)
  target_compile_definitions(${name} PRIVATE MW_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  gtest_discover_tests(${name} NO_PRETTY_VALUES DISCOVERY_MODE PRE_TEST
                       DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300 LABELS unit)
endfunction()

# A program: apps/NAME/*.cpp, named NAME.
function(mw_app name)
  cmake_parse_arguments(ARG "" "" "ROOMS;LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE mw_compiler mw_program_compiler ${ARG_LINKS})
  target_compile_definitions(${name} PRIVATE MW_VERSION="${PROJECT_VERSION}")
  foreach(room IN LISTS ARG_ROOMS)
    string(REPLACE "/" "_" room_target "mw_${room}")
    target_link_libraries(${name} PRIVATE ${room_target})
  endforeach()
  install(TARGETS ${name} RUNTIME DESTINATION bin)
endfunction()

# Writes build/rooms.txt: "room layer used,used", which the tidy test and docs read.
function(mw_rooms_report)
  get_property(rooms GLOBAL PROPERTY MW_ROOMS)
  set(text "")
  foreach(room IN LISTS rooms)
    get_property(layer GLOBAL PROPERTY MW_ROOM_LAYER_${room})
    get_property(uses GLOBAL PROPERTY MW_ROOM_ROOMS_${room})
    list(JOIN uses "," uses)
    string(APPEND text "${room} ${layer} ${uses}\n")
  endforeach()
  file(WRITE ${CMAKE_BINARY_DIR}/rooms.txt "${text}")
endfunction()
