"""Plain functions on arrays: levels, spectra, filters, synthesis. No files, no state.

Signals are one-dimensional float64 arrays in which 1.0 is digital full scale; 0 dBov is the power of a full-scale
square wave, so a full-scale sine has -3.01 dBov.
"""

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float64]
"""Samples, shape (n,), full scale 1.0."""
