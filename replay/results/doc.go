// Package results keeps what became of each request of a replay, and writes it down row by row.
//
//	replay ─► Outcomes ─► Write ─► results.parquet
//	          on disk,    joins with the traffic,
//	          by number   read once more
//
// While a replay runs, only what happened is kept ([Outcomes]): 56 bytes a request, in a file that has no name. What was
// sent is known from the traffic, which comes out the same each time that it is read.
package results
