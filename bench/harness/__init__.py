"""What runs the programs, and what writes about it."""
