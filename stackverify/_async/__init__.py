"""The asynchronous flavour: drivers that act on what the core decides."""
