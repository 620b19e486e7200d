"""The version, read from nothing: the package may run uninstalled."""

__all__ = ["VERSION"]

VERSION = "0.1.0"
