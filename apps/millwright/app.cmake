# The command line of it all. It talks to a hub over HTTP and to brokers over MQTT; the trainer is another program.
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)
set(millwright_links CLI11::CLI11 nlohmann_json::nlohmann_json PkgConfig::HTTPLIB)
mw_app(millwright ROOMS core config os wire mqtt recording model nn crypto trust slots aws
       hub/identity hub/rollout LINKS ${millwright_links})

if(MW_TESTS)
  set(folder ${CMAKE_CURRENT_SOURCE_DIR}/millwright)
  mw_test(millwright_cli_test
    SOURCES ${folder}/columns_test.cpp ${folder}/event_stream_test.cpp ${folder}/gateway_identity_test.cpp
            ${folder}/output_test.cpp ${folder}/replay_test.cpp ${folder}/usage_test.cpp ${folder}/columns.cpp
            ${folder}/event_stream.cpp ${folder}/gateway_identity.cpp ${folder}/hub_client.cpp
            ${folder}/hub_query.cpp ${folder}/mosquitto_config.cpp ${folder}/output.cpp ${folder}/replay.cpp
            ${folder}/usage.cpp
    LINKS mw_core mw_config mw_os mw_wire mw_mqtt mw_recording mw_crypto mw_hub_identity ${millwright_links})
endif()
