"""The jobs: one file each, run again and again, safe to die anywhere."""
