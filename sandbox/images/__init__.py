"""The images in which tests run."""
