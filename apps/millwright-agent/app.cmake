find_package(CLI11 REQUIRED)
mw_app(millwright-agent ROOMS agent greengrass http/client identity mqtt os core LINKS CLI11::CLI11)
if(MW_TESTS)
  find_package(nlohmann_json REQUIRED)
  mw_test(millwright_agent_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/tests/program_test.cpp
          ${CMAKE_CURRENT_LIST_DIR}/tests/models_from_test.cpp
          LINKS mw_agent mw_greengrass mw_model_testing mw_trust_testing nlohmann_json::nlohmann_json)
  target_compile_definitions(millwright_agent_test PRIVATE MW_AGENT_PROGRAM="$<TARGET_FILE:millwright-agent>")
  add_dependencies(millwright_agent_test millwright-agent)
endif()
