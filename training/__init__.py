"""The science: volumes, label maps, metrics, training and prediction. Knows nothing of the web."""
