"""What there is one of in a process, for both flavours and all threads and loops."""
