# The command line of it all. It talks to a hub over HTTP and to brokers over MQTT; the trainer is another program.
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)
set(millwright_links CLI11::CLI11 nlohmann_json::nlohmann_json PkgConfig::HTTPLIB)
mw_app(millwright ROOMS agent core config os wire http/client mqtt recording model nn trainer importer crypto identity trust slots aws
       hub/backup hub/identity hub/rollout LINKS ${millwright_links} OpenSSL::SSL)

if(MW_TESTS)
  set(folder ${CMAKE_CURRENT_SOURCE_DIR}/millwright)
  mw_test(millwright_cli_test
    SOURCES ${folder}/backtest_test.cpp ${folder}/baseline_files_test.cpp ${folder}/columns_test.cpp ${folder}/dataset_test.cpp
            ${folder}/doctor_expiry_test.cpp ${folder}/history_test.cpp ${folder}/mosquitto_config_test.cpp
            ${folder}/output_test.cpp ${folder}/replay_test.cpp ${folder}/usage_test.cpp ${folder}/work_orders_test.cpp
            ${folder}/backtest.cpp
            ${folder}/baseline_files.cpp ${folder}/columns.cpp ${folder}/dataset.cpp ${folder}/doctor_expiry.cpp ${folder}/history.cpp
            ${folder}/hub_query.cpp ${folder}/mosquitto_config.cpp ${folder}/output.cpp ${folder}/replay.cpp
            ${folder}/scratch_folder.cpp ${folder}/usage.cpp ${folder}/work_orders.cpp
    LINKS mw_core mw_config mw_os mw_wire mw_http_client mw_mqtt mw_metrics mw_recording mw_trainer mw_model
          mw_model_testing mw_crypto mw_identity mw_hub_identity OpenSSL::SSL ${millwright_links})
endif()
