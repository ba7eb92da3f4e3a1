"""What the adapter tells of itself: its log, its figures for Prometheus, its traces."""
