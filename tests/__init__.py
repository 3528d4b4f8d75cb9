"""The tests; `tests.cases` describes the data types, `tests.bench` holds the benchmarks."""
