"""The workloads, once for each contender: what is timed is the same everywhere."""
