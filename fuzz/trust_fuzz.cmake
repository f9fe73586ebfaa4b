mw_fuzz(trust ROOMS trust os LINKS mw_trust_testing)
