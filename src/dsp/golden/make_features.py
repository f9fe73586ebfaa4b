#!/usr/bin/env python3
"""Makes features.txt: feature values of one known signal, computed with numpy and scipy in double precision.

    python3 src/dsp/golden/make_features.py > src/dsp/golden/features.txt

The signal is defined by formulas that analyzer_test.cpp repeats, so that no samples need to be stored: two sines, a
train of decaying 3 kHz rings at 88.2 Hz and noise from a linear congruential generator. Everything is rounded to
float32 before it is measured. Envelope lines come from scipy.signal.hilbert at the full rate, another way than the
product's band shift.
"""
import numpy as np
from scipy import signal, stats

RATE, COUNT = 12800.0, 8192


def noise(count):
    state, out = 12345, np.empty(count)
    for i in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        out[i] = state / 2**32 - 0.5
    return out


def make():
    t = np.arange(COUNT) / RATE
    x = 1.2 * np.sin(2 * np.pi * 24.7 * t + 0.3) + 0.4 * np.sin(2 * np.pi * 49.4 * t) + 0.25
    since = np.mod(t, 1 / 88.2)
    x += 2.5 * np.exp(-since * 900.0) * np.sin(2 * np.pi * 3000 * since)
    return (x + 0.3 * noise(COUNT)).astype(np.float32).astype(np.float64)


def spectrum(x):
    w = signal.windows.hann(COUNT, sym=False)
    lines = np.fft.rfft((x - x.mean()) * w)
    power = 2 * np.abs(lines) ** 2 / (COUNT * np.sum(w**2))
    power[0] /= 2
    power[-1] /= 2
    return np.fft.rfftfreq(COUNT, 1 / RATE), power, w


def envelope(x, lo, hi):
    hz, _, w = spectrum(x)
    lines = np.fft.rfft((x - x.mean()) * w)
    lines[(hz < lo) | (hz > hi)] = 0
    z = np.abs(signal.hilbert(np.fft.irfft(lines, COUNT)))
    return np.abs(np.fft.rfft(z)) * 4 / COUNT


x = make()
hz, power, _ = spectrum(x)
d = x - x.mean()
rms = np.sqrt(np.mean(d**2))
print("rms %.9g" % rms)
print("peak %.9g" % np.max(np.abs(d)))
print("crest %.9g" % (np.max(np.abs(d)) / rms))
print("kurtosis %.9g" % stats.kurtosis(x, fisher=False))
print("skewness %.9g" % stats.skew(x))
band = (hz >= 1000) & (hz <= 3000)
print("band_rms_1000_3000 %.9g" % np.sqrt(power[band].sum()))
iso = (hz >= 10) & (hz <= 1000)
print("velocity_rms_10_1000 %.9g" % (1e3 * np.sqrt(np.sum(power[iso] / (2 * np.pi * hz[iso]) ** 2))))
amplitude = envelope(x, 2000, 4000)
for harmonic in (1, 2, 3):
    k = int(round(harmonic * 88.2 / (RATE / COUNT)))
    print("envelope_line_%d %.9g" % (harmonic, amplitude[k - 1 : k + 2].max()))
