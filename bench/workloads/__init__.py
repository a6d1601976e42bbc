# SPDX-License-Identifier: Apache-2.0
"""Workloads: stores of packages with a graph that stratapack, and every peer, can be given."""
