"""The published networks, written from papers and facts."""
