mw_fuzz(reading ROOMS wire core)
