"""Runs inside qemu-aarch64: TensorFlow Lite invokes a model so many times. peer_guest.py MODEL TIMES"""
import sys

import numpy
from ai_edge_litert.interpreter import Interpreter

interpreter = Interpreter(model_path=sys.argv[1], num_threads=1)
interpreter.allocate_tensors()
details = interpreter.get_input_details()[0]
window = numpy.arange(numpy.prod(details["shape"]), dtype=numpy.int64) * 37 % 256 - 128
interpreter.set_tensor(details["index"], window.reshape(details["shape"]).astype(numpy.int8))
for _ in range(int(sys.argv[2])):
    interpreter.invoke()
