"""A region as a cluster: nodes, shards, clustering policies, and what an operator does to them."""
