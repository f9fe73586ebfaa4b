mw_fuzz(backup ROOMS hub/backup core os)
