find_package(CLI11 REQUIRED)
mw_app(millwright-agent ROOMS agent mqtt os core LINKS CLI11::CLI11)
