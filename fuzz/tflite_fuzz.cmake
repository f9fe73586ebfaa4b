mw_fuzz(tflite ROOMS model nn)
