mw_fuzz(reading ROOMS wire os)
