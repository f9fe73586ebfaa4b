find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
mw_app(millwright-sim ROOMS core os wire mqtt machines recording
       LINKS nlohmann_json::nlohmann_json CLI11::CLI11)
if(MW_TESTS)
  set(sim ${CMAKE_CURRENT_LIST_DIR})
  mw_test(millwright_sim_test
    SOURCES ${sim}/tests/live_test.cpp ${sim}/commands.cpp ${sim}/json_lines.cpp ${sim}/live.cpp
            ${sim}/publisher.cpp ${sim}/recorder.cpp ${sim}/truth.cpp
    LINKS mw_mqtt mw_machines mw_recording mw_wire mw_os mw_core nlohmann_json::nlohmann_json)
  target_include_directories(millwright_sim_test PRIVATE ${sim})
endif()
