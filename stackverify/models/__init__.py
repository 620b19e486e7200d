"""Frozen values: what a user hands in and gets back."""
