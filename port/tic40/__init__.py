"""The run in the words of TIC4.0, the Terminal Industry Committee's vocabulary for data of container terminals."""
