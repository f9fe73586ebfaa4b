mw_fuzz(defender ROOMS defender core)
