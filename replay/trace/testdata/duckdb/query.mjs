// Runs each argument as SQL and prints the rows of the last one as JSON.
import { DuckDBInstance } from '@duckdb/node-api';

const db = await DuckDBInstance.create(':memory:', { threads: '1' });
const connection = await db.connect();
let rows = [];
for (const sql of process.argv.slice(2)) {
  rows = (await connection.runAndReadAll(sql)).getRowsJson();
}
console.log(JSON.stringify(rows));
