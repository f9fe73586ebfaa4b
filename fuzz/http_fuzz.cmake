find_package(PkgConfig REQUIRED)
mw_fuzz(http ROOMS http hub/api)
