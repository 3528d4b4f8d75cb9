"""A world for `crdb`: simulated time, networks, clocks, clients and faults."""
