mw_fuzz(greengrass ROOMS greengrass)
