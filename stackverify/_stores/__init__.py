"""What is kept, and where; nothing in here decides."""
