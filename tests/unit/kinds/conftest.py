"""Kinds are tested on the bench of the jobs."""

from tests.unit.jobs.conftest import bench

__all__ = ["bench"]
