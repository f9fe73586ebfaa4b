mw_fuzz(kernels ROOMS nn)
