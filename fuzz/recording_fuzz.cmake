mw_fuzz(recording ROOMS recording core)
