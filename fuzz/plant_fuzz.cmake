mw_fuzz(plant ROOMS machines core)
