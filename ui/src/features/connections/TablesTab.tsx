// The live structure: tables with the engine's own estimates.

import { Table2 } from "lucide-react";
import { useRead } from "@/api/queries";
import { Cut, DataTable } from "@/components/DataTable";
import { Bytes } from "@/components/Moment";
import { Answered, EmptyState } from "@/components/States";
import { bytes, count, counted } from "@/lib/bytes";
import { serverName, tableName } from "@/lib/text";

export function TablesTab({ connectionId }: { connectionId: string }) {
	const inspected = useRead("database.inspect", { connection: connectionId }, { staleTime: 30_000 });
	return (
		<Answered question={inspected} rows={8}>
			{({ server, tables }) => (
				<div className="flex h-full min-h-0 flex-col gap-2.5">
					<p className="text-text-2">
						{[
							counted(tables.length, "table"),
							server.size_bytes != null && `${bytes(server.size_bytes)} on disk`,
							serverName(server),
							server.encoding,
							server.transport,
						]
							.filter(Boolean)
							.join(" · ")}
					</p>
					<div className="min-h-0 flex-1">
						<DataTable
							label="Tables"
							rows={tables}
							rowKey={tableName}
							maxHeight="fill"
							rowHeight={28}
							columns={[
								{
									id: "name",
									title: "Table",
									width: "minmax(160px,3fr)",
									sort: tableName,
									cell: (row) => <Cut text={tableName(row)} mono />,
								},
								{
									id: "rows",
									title: "Rows, estimated",
									width: "minmax(110px,1fr)",
									right: true,
									sort: (row) => row.estimated_rows,
									cell: (row) =>
										row.estimated_rows == null ? (
											<span className="text-text-3">unknown</span>
										) : (
											count(row.estimated_rows)
										),
								},
								{
									id: "bytes",
									title: "Size",
									width: "minmax(90px,1fr)",
									right: true,
									sort: (row) => row.estimated_bytes,
									cell: (row) => <Bytes value={row.estimated_bytes} />,
								},
							]}
							empty={
								<EmptyState icon={<Table2 aria-hidden />} title="This database has no tables">
									It can be backed up all the same; its other objects are captured.
								</EmptyState>
							}
						/>
					</div>
				</div>
			)}
		</Answered>
	);
}
