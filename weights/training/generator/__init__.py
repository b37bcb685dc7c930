"""Pictures of people who do not exist, with the exact part of every pixel."""
