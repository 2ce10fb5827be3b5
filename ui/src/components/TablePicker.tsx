// The tables that are in a database now, to pick one or several of them instead of typing names blind.

import { useState } from "react";
import type { Schema } from "@/api/client";
import { useRead } from "@/api/queries";
import { tableName } from "@/lib/text";
import { TextField } from "./Field";
import { Answered } from "./States";
import { planned, TableList } from "./TableList";

type TableName = Schema["TableName"];

interface TablePickerProps {
	/** Id of the connection. */
	connection: string;
	picked: readonly TableName[];
	onPick: (picked: TableName[]) => void;
	/** At most one. */
	one?: boolean;
	maxHeight: number;
}

/** Fewer are seen at a glance. */
const manyTables = 8;

export function TablePicker({ connection, picked, onPick, one, maxHeight }: TablePickerProps) {
	const live = useRead("database.inspect", { connection }, { staleTime: 30_000 });
	const [wanted, setWanted] = useState("");
	return (
		<Answered question={live} rows={4}>
			{({ tables }) => {
				const names = picked.map(tableName);
				const fitting = tables.filter(
					(each) =>
						names.includes(tableName(each)) ||
						tableName(each).toLowerCase().includes(wanted.trim().toLowerCase()),
				);
				return (
					<div className="flex flex-col gap-1.5">
						{tables.length > manyTables && (
							<TextField
								label="Find a table"
								hideLabel
								type="search"
								placeholder="Find a table"
								value={wanted}
								onText={setWanted}
								data-testid="table-find"
							/>
						)}
						<TableList
							label={one ? "Table to choose" : "Tables to choose from"}
							tables={planned(fitting)}
							estimated
							rowHeight={26}
							maxHeight={maxHeight}
							one={one}
							picked={names}
							onPick={(next) =>
								onPick(
									tables
										.filter((each) => next.includes(tableName(each)))
										.map(({ schema, name }) => ({ schema, name })),
								)
							}
							empty={
								<p className="p-3 text-text-2">
									{tables.length === 0 ? "There are no tables." : "No table is called that."}
								</p>
							}
						/>
					</div>
				);
			}}
		</Answered>
	);
}

/** The table of that name as `tableName` writes it; null while it is not known, or when it is not there. */
export function useNamedTable(connection: string, name: string | undefined): TableName | null {
	const live = useRead(
		"database.inspect",
		{ connection },
		{ staleTime: 30_000, enabled: name !== undefined },
	);
	const found = live.data?.tables.find((each) => tableName(each) === name);
	return found === undefined ? null : { schema: found.schema, name: found.name };
}
