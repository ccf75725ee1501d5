"""What a reader gets of a run: one page that opens from disk, figures for a paper, and ten lines on the terminal."""
