"""What the library costs, against what one would use instead."""
