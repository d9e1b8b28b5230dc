"""Measurements that print their proof; each is a command of its own."""
