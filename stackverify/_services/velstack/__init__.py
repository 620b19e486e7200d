"""Velstack: what its endpoints are asked, and how their answers are read."""
