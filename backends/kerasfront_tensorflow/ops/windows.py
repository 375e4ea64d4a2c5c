"""Convolution and pooling of (batch, *spatial, channels)."""
