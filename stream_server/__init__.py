"""HTTP, WebRTC and the command line around the pipeline."""
