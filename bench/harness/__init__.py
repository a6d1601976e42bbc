# SPDX-License-Identifier: Apache-2.0
"""What runs the programs, and what writes about it."""
