"""HTTP, WebRTC and the command line around the pipeline."""

import os

# Read when NumPy is first imported, hence here. OpenBLAS would share even the small products of a
# frame among threads, which wait for the next one by spinning: twice the processor time of a frame.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
