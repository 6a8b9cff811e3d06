"""What a training takes: parameters, memory and time."""
