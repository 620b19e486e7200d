"""Decisions, without clock, dice, environment or socket."""
