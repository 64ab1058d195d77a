"""What several codecs share: libsndfile, FFmpeg (through PyAV, the extra ``codecs``), and the link around a codec.

Everything stays in memory. A coder and its decoder are made for one signal and thrown away.
"""

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]
"""16-bit samples, shape (n,)."""
Lost = NDArray[np.bool_]
"""For each packet whether it is lost, shape (packets,)."""
