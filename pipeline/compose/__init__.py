"""Who is in front of whom, what fills the gaps, and the light of the scene."""
