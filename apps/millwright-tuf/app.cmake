# A plain TUF client: for the public conformance suite, and to look at any TUF repository.
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)
mw_app(millwright-tuf ROOMS core os trust LINKS CLI11::CLI11 PkgConfig::HTTPLIB)

if(MW_TESTS)
  set(folder ${CMAKE_CURRENT_SOURCE_DIR}/millwright-tuf)
  mw_test(millwright_tuf_test
    SOURCES ${folder}/client_test.cpp ${folder}/client.cpp ${folder}/http_fetcher.cpp
    LINKS mw_trust mw_trust_attacks mw_trust_testing PkgConfig::HTTPLIB)
endif()
