"""The science: volumes, label maps, metrics, training and prediction. Knows nothing of the web."""

import os

# Threads that wait for each other must sleep, not spin: with anything else running on the machine, spinning
# makes a training step five to ten times slower. OpenMP reads this once, when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
