"""The asynchronous client of Velstack; its twin is generated."""
