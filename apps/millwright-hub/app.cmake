find_package(CLI11 REQUIRED)
mw_app(millwright-hub ROOMS core config os mqtt store metrics http jobs trust zone hub/ingest hub/rollout hub/identity hub/labels hub/notify hub/defender hub/retrain hub/api LINKS CLI11::CLI11)
if(MW_TESTS)
  set(hub_folder ${CMAKE_CURRENT_SOURCE_DIR}/millwright-hub)
  mw_test(millwright_hub_test SOURCES ${hub_folder}/hub_config_test.cpp ${hub_folder}/hub_config.cpp ${hub_folder}/identity_config.cpp
          ${hub_folder}/notify_config.cpp ${hub_folder}/retrain_config.cpp
          LINKS mw_config mw_mqtt mw_http mw_trust mw_hub_ingest mw_hub_notify mw_hub_defender mw_hub_retrain mw_hub_api)
  find_package(nlohmann_json REQUIRED)
  mw_test(millwright_hub_access_test
    SOURCES ${hub_folder}/hub_access_test.cpp ${hub_folder}/hub.cpp ${hub_folder}/hub_delivery.cpp ${hub_folder}/hub_identity.cpp
            ${hub_folder}/hub_notify.cpp ${hub_folder}/hub_defender.cpp ${hub_folder}/hub_retrain.cpp
    LINKS mw_core mw_config mw_os mw_mqtt mw_store mw_metrics mw_http mw_jobs mw_trust mw_hub_ingest mw_hub_rollout
          mw_hub_identity mw_zone mw_hub_labels mw_hub_notify mw_hub_defender mw_hub_retrain mw_hub_api nlohmann_json::nlohmann_json)
endif()
