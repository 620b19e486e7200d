"""The client of Velstack, and its resources."""
