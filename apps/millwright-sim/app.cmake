find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
mw_app(millwright-sim ROOMS core os wire mqtt machines recording LINKS nlohmann_json::nlohmann_json CLI11::CLI11)
