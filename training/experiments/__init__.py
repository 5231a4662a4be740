"""Experiments: many trainings that answer one question, each finished run kept and never repeated."""
