"""Fourier analysis along the last axis."""

import torch

complex_fft = torch.fft.fft
complex_ifft = torch.fft.ifft
real_fft = torch.fft.rfft
real_ifft = torch.fft.irfft
