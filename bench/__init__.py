"""Measurements: always a ratio against a baseline of the same run, because machines are shared and noisy."""
