"""Workloads: stores of packages with a graph that stratapack, and every peer, can be given."""
