"""What is the same at all three doors: who comes in, in what order things are refused, how answers look."""
