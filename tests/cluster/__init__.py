"""Clusters inside of regions: slots, policies, failover, scaling, and the real client in them."""
