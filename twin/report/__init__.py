"""What a reader gets of a run: one page that opens from disk, figures for a paper, and lines on the terminal."""
