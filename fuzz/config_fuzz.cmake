mw_fuzz(config ROOMS agent core)
