"""The loop by itself: simulated readers work through the HTTP API, models retrain, round after round."""
