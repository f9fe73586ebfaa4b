mw_fuzz(uplink ROOMS hub/ingest store mqtt)
