if(MW_TRAINER)
  find_package(CLI11 REQUIRED)
  mw_app(millwright-train ROOMS crypto evaluation trainer trainer/torch recording os LINKS CLI11::CLI11)
endif()
