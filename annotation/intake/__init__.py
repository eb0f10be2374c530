"""Files in: one reader a format, and the one place that takes their rows."""
