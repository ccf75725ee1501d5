"""What a run leaves behind: a folder that is whole or not there, and everything that reads it back."""
