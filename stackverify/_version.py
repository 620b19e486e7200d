"""The version, read from nothing: the package may run uninstalled."""

__all__ = ["__version__"]

__version__ = "0.1.0"
